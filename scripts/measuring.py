"""What scripts/demo and scripts/bench share: children that end with us, their CPU time, their figures, and this machine."""

import argparse
import ctypes
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import threading
import time

START_SECONDS = 10
STOP_SECONDS = 10
ROUND_SECONDS = 120
PR_SET_PDEATHSIG = 1
LISTENING = r"listening on (\S+:\d+).*"


class MeasureError(Exception):
    """Something that a person has to read, in one line."""


class OneLineParser(argparse.ArgumentParser):
    """Bad input is answered by one line, not by a page of usage."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def leave(number, _frame):
    """Signals unwind like exceptions, so that with blocks end what they began."""
    sys.exit(128 + number)


def leave_on_signals():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)


def cores():
    """(server's, load's), or None when there are not two."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) >= 2 else None


def only(core):
    """The set of this core alone; None stays: any core."""
    return None if core is None else {core}


class Process:
    """A child for the length of a with block, on a set of cores (None: any). It ends with us, even when we are killed."""

    def __init__(self, command, on_cores, folder, nice=0, policy=os.SCHED_OTHER):
        self.command = [str(part) for part in command]
        self.name = pathlib.Path(self.command[0]).name
        self.on_cores = on_cores
        self.nice = nice
        self.policy = policy
        self.folder = folder
        self.errors = folder / f"{self.name}.{id(self):x}.stderr"
        self.parent = os.getpid()

    def _settle(self):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.parent:
            os._exit(1)  # it was killed before we could ask to go with it
        if self.on_cores is not None:
            os.sched_setaffinity(0, self.on_cores)
        os.nice(self.nice)
        if self.policy != os.SCHED_OTHER:
            os.sched_setscheduler(0, self.policy, os.sched_param(0))

    def __enter__(self):
        with self.errors.open("w", encoding="utf-8") as errors:
            try:
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                                text=True, preexec_fn=self._settle)
            except OSError as error:
                raise MeasureError(f"{self.command[0]} cannot be started: {error.strerror}") from None
        return self

    def line_with(self, pattern, seconds):
        """Read on until a line matches. Nobody waits for ever: after so many seconds the process is ended."""
        watchdog = threading.Timer(seconds, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                match = re.search(pattern, line)
                if match:
                    return match
        finally:
            watchdog.cancel()
        raise MeasureError(f"{self.command[0]} did not say {pattern!r} within {seconds} s: {self.complaint()}")

    def complaint(self):
        return self.errors.read_text(encoding="utf-8", errors="replace").strip()[-300:]

    def stop(self, seconds):
        """SIGTERM, or just the end; the rest of the output is read, lest a full pipe holds it up."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.end(seconds)

    def end(self, seconds):
        try:
            self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise MeasureError(f"{self.command[0]} did not end within {seconds} s") from None
        return self.process.returncode

    def resident_bytes(self):
        pages = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        """Of all its threads, from the kernel's scheduler, the same way for everybody's program."""
        try:
            threads = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
            return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9
        except (OSError, IndexError) as error:
            raise MeasureError(f"{self.name}: its CPU time cannot be read: {error}") from None

    def cpu_seconds_at_rest(self, seconds=3.0, step=0.1):
        """The same, once it has worked off what is left: two looks that differ by less than one part in fifty of the time
        between them."""
        before = self.cpu_seconds()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(step)
            now = self.cpu_seconds()
            if now - before < step / 50:
                return now
            before = now
        return before

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MeasureError(f"{path.name} cannot be read: {error}") from None


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split()
    openssl = " ".join(version[:2]) or "OpenSSL of unknown version"
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, {openssl}"
