"""The programs that talk to each other: each runs for the length of a with block, every wait has an end, none is left behind."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

# Generous, for a machine with better things to do: nothing waits so long unless it fails.
PATIENCE_SECONDS = 30
LOOK_SECONDS = 0.02
OUTPUT_MAX = 1 << 20
SANITIZER = re.compile(r"(WARNING|ERROR): \w+Sanitizer|runtime error:")


class Unmet(Exception):
    """Something that must hold does not."""


class Argued(Exception):
    """Cannot be had with this peer, for a reason that is not ours."""


def expect(holds, otherwise):
    if not holds:
        raise Unmet(otherwise)


def expect_equal(name, seen, wanted):
    expect(seen == wanted, f"{name} is {seen!r}, not {wanted!r}")


def wait_until(predicate, what, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while not predicate():
        expect(time.monotonic() < deadline, f"waited {seconds} s in vain for {what}")
        time.sleep(LOOK_SECONDS)


class Registry:
    """Those that run now. After end_all nobody else starts, so whoever waits for one of them comes to an end."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = set()
        self.over = False

    def start(self, party, begin):
        with self.lock:
            expect(not self.over, "told to stop")
            begin()
            self.running.add(party)

    def remove(self, party):
        with self.lock:
            self.running.discard(party)

    def end_all(self):
        with self.lock:
            self.over = True
            for party in self.running:
                party.process.kill()


REGISTRY = Registry()


class Party:
    """A process whose input stays open and whose output is kept. With `echoes` it hears each word of its own again, but not what
    it says on stderr."""

    def __init__(self, command, environment=None, echoes=False):
        self.command = [str(word) for word in command]
        self.environment = {**os.environ, **(environment or {})}
        self.echoes = echoes
        self.errors = tempfile.TemporaryFile() if echoes else None
        self.output = b""
        self.news = threading.Condition()
        self.ended = False

    def begin(self):
        self.process = subprocess.Popen(self.command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors or subprocess.STDOUT, bufsize=0)

    def __enter__(self):
        REGISTRY.start(self, self.begin)
        self.reader = threading.Thread(target=self.read_all, daemon=True)
        self.reader.start()
        return self

    def read_all(self):
        pipe = self.process.stdout.fileno()
        while True:
            some = os.read(pipe, 65536)
            with self.news:
                self.output += some
                self.ended = not some
                self.news.notify_all()
            if not some:
                return
            if self.echoes:
                self.say(some)

    def text(self):
        errors = os.pread(self.errors.fileno(), OUTPUT_MAX, 0) if self.errors else b""
        return (errors + self.output).decode("utf-8", "replace")

    def say(self, data):
        """To its input; one that has ended already hears nothing."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            self.process.stdin.write(data.encode() if isinstance(data, str) else data)

    def hang_up(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def complain(self, reason):
        raise Unmet(f"{pathlib.Path(self.command[0]).name} {self.command[1]}: {reason}; it said: {self.text()[-600:]}")

    def wait_for(self, pattern, seconds=PATIENCE_SECONDS):
        """Till its output matches."""
        deadline = time.monotonic() + seconds
        while True:
            with self.news:
                match = re.search(pattern, self.text())
                if match:
                    return match
                if self.ended:
                    self.complain(f"ended without saying {pattern!r}")
                if not self.news.wait(deadline - time.monotonic()):
                    self.complain(f"did not say {pattern!r} in {seconds} s")

    def wait_exit(self, seconds=PATIENCE_SECONDS):
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.complain(f"did not end in {seconds} s")
        self.reader.join(seconds)
        return status

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait_exit()

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        REGISTRY.remove(self)
        self.hang_up()
        self.reader.join(PATIENCE_SECONDS)
        self.process.stdout.close()
        if self.errors:
            self.errors.close()


class Serve(Party):
    """`ringdtls serve` on a port of its own."""

    def __init__(self, place, *options, io="auto", listen="127.0.0.1:0", certificate=None):
        self.stats_path = place.scratch("stats.json")
        certificate = certificate or place.credentials.server
        super().__init__([place.build / "ringdtls", "serve", "--listen", listen, "--shards", "1", "--io", io, "--cert",
                          certificate.path, "--key", certificate.key, "--stats-json", self.stats_path, *options])

    def __enter__(self):
        super().__enter__()
        try:
            match = self.wait_for(r"listening on (\S+):(\d+),.*\n")
        except BaseException:
            self.__exit__()
            raise
        self.address = (match.group(1).strip("[]"), int(match.group(2)))
        return self

    def stop(self):
        """The statistics at the end."""
        status = self.terminate()
        if status != 0 or SANITIZER.search(self.text()):
            self.complain(f"exit status {status}")
        return json.loads(self.stats_path.read_text(encoding="utf-8"))


class Load(Party):
    """`ringdtls-load`, or a client with the same options and results."""

    def __init__(self, place, address, *options, program="ringdtls-load"):
        self.json_path = place.scratch("load.json")
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        super().__init__([place.build / program, f"{host}:{address[1]}", "--json", self.json_path, *options])

    def figures(self, seconds=PATIENCE_SECONDS):
        """(exit status, results)"""
        status = self.wait_exit(seconds)
        if SANITIZER.search(self.text()) or not self.json_path.exists():
            self.complain(f"exit status {status}")
        return status, json.loads(self.json_path.read_text(encoding="utf-8"))


def port_is_bound(port):
    suffix = f":{port:04X}"
    for table in ("udp", "udp6"):
        path = pathlib.Path("/proc/net") / table
        lines = path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else []
        if any(line.split()[1].endswith(suffix) for line in lines):
            return True
    return False


class Ports:
    """For programs that cannot take any free port and tell which: below those that the kernel gives to others meanwhile."""

    FIRST, COUNT = 16384, 16384

    def __init__(self):
        self.lock = threading.Lock()
        self.next = os.getpid()

    def take(self):
        with self.lock:
            for _ in range(self.COUNT):
                port = self.FIRST + self.next % self.COUNT
                self.next += 1
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
                    probe.bind(("0.0.0.0", port))
                    return port
        raise Unmet("no port is free")


PORTS = Ports()


class ForeignServer(Party):
    """Somebody else's server: `command_for` takes the port that it shall have."""

    def __init__(self, command_for, echoes=False):
        self.address = ("127.0.0.1", PORTS.take())
        super().__init__(command_for(self.address[1]), echoes=echoes)

    def __enter__(self):
        super().__enter__()
        try:
            wait_until(lambda: self.ended or port_is_bound(self.address[1]), "its socket")
            if self.ended:
                self.complain("ended at once")
        except BaseException:
            self.__exit__()
            raise
        return self
