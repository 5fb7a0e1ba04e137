"""The programs that take part. Each runs for the length of a with block; every wait has an end, and nobody is left behind."""

import json
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import time
import urllib.request

import private_network

START_SECONDS = 100
END_SECONDS = 20
CONNECTION_SECONDS = 4  # on the average, even with losses
FAILURES_MAX = 3
PAGE_CONNECTIONS_MAX = 100
OUTPUT_KEPT = 4000
HERE = pathlib.Path(__file__).resolve().parent
SIGNALLING_PORT, MEDIA_PORT = 8080, 8443


class Failed(Exception):
    """Something that must hold does not."""


class Process:
    """Its output comes in lines; what it says on stderr is kept, to be shown when something goes wrong."""

    def __init__(self, command, environment=None):
        self.command = [str(word) for word in command]
        self.environment = {**os.environ, **(environment or {})}
        self.buffer = b""

    def __enter__(self):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, bufsize=0)
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        """Wait until it is ready."""

    def said(self):
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), OUTPUT_KEPT, max(0, size - OUTPUT_KEPT)).decode("utf-8", "replace")

    def line(self, seconds, what):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            some = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not some:
                why = "it ended" if ready else f"not within {seconds} s"
                raise Failed(f"{self.name()}: {what}: {why}; it said: {self.said()}")
            self.buffer += some
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("utf-8", "replace")

    def wait_for(self, pattern):
        while True:
            match = re.search(pattern, self.line(START_SECONDS, pattern))
            if match:
                return match

    def name(self):
        return " ".join(pathlib.Path(word).name for word in self.command[:2])

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


class Client(Process):
    """A browser or a library, on the other host: see drive.js."""

    def __init__(self, place, which):
        self.which = which
        scratch = place.scratch(which)
        super().__init__([*place.network.theirs, "node", HERE / "drive.js", which, scratch],
                         {"NODE_PATH": str(place.node_modules), "TMPDIR": str(scratch)})

    def begin(self):
        self.version = json.loads(self.line(START_SECONDS, "start"))["version"]

    def order(self, seconds=START_SECONDS, **order):
        """The first word is what to do, others say more."""
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        answer = json.loads(self.line(seconds, next(iter(order))))
        if "failure" in answer:
            raise Failed(f"{self.which}: {answer['failure']}")
        return answer.get("value")

    def call(self, seconds, name, server, stay=False, **options):
        """A function of in_page.js, on a page that was loaded for it, or on the one that is there."""
        return self.order(seconds, call=name, stay=stay, **{"with": {"origin": server.origin, **options}})

    def connect(self, server, count, at_a_time, together=False, patience_seconds=30):
        """The results of connectAll. Each connection has `patience_seconds` for each thing that it waits for. A page has so many
        of them and no more."""
        results = []
        while len(results) < count:
            some = min(count - len(results), PAGE_CONNECTIONS_MAX)
            results += self.call(START_SECONDS + FAILURES_MAX * patience_seconds + some * CONNECTION_SECONDS, "connectAll", server,
                                 count=some, atATime=at_a_time, patienceMs=1000 * patience_seconds, messageBytes=1000,
                                 applyTogether=together, failuresMax=FAILURES_MAX)
        return results

    def __exit__(self, *exception):
        """The end of its input is the end of the browser, in good order; and otherwise."""
        self.process.stdin.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        super().__exit__(*exception)


class Server(Process):
    """What answers offers at `origin`: ours, or pion's. `through_relay`: its answers name the relay's address."""

    count = 0

    def __init__(self, program, through_relay=False, listens_everywhere=False, options=()):
        Server.count += 1
        self.port = MEDIA_PORT + Server.count
        signalling = f"{private_network.SERVER}:{SIGNALLING_PORT + Server.count}"
        announced = private_network.RELAY if through_relay else private_network.SERVER
        self.origin = f"http://{signalling}"
        listen = "0.0.0.0" if listens_everywhere else private_network.SERVER
        super().__init__([*program, "--http", signalling, "--listen", f"{listen}:{self.port}", "--announce", announced, *options])

    def begin(self):
        self.wait_for(r"http")

    def end(self, report, after):
        """In good order, as whoever stops it expects; a sanitizer tells its findings, leaks among them, by the exit status."""
        self.process.terminate()
        try:
            status = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            status = f"none after {END_SECONDS} s"
        report.judge(f"server-ends-well-after-{after}", status == 0, f"exit status {status}; it said: {self.said()}")

    def stats(self):
        with urllib.request.urlopen(f"{self.origin}/stats", timeout=END_SECONDS) as answer:
            return json.load(answer)


class Relay(Process):
    """See relay.py."""

    def __init__(self, server, *options):
        super().__init__([sys.executable, "-B", HERE / "relay.py", "--listen", f"{private_network.RELAY}:{server.port}",
                          "--server", f"{private_network.SERVER}:{server.port}", *options])

    def begin(self):
        self.wait_for("relay ready")

    def counts(self):
        """What it did; it has ended then."""
        self.process.stdin.close()
        return json.loads(self.line(END_SECONDS, "counts"))
