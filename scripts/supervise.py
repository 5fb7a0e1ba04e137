"""supervise.py COMMAND...: run a command and leave nothing of it behind, however it or we end.

Becomes the parent of every orphan below it, so that what a test has started and forgotten is found and ended too. Exit
status is the command's; 128 + signal when we were told to stop.
"""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PATIENCE_SECONDS = 5


def parent_of(process):
    """From /proc/PID/stat: the name in parentheses may hold anything, so the fields count from the last one."""
    try:
        return int((process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None  # it has just ended


def children():
    """Processes whose parent we are, by their ids."""
    return [int(process.name) for process in pathlib.Path("/proc").glob("[0-9]*") if parent_of(process) == os.getpid()]


def end_all(number):
    """Signal every child, and those that they leave to us, until none is left or patience ends. True when none is left."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    told = set()
    while True:
        living = children()
        if not living:
            return True
        if time.monotonic() > deadline:
            return False
        for pid in living:
            if pid not in told:
                os.kill(pid, number)
                told.add(pid)
        while living:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            told.discard(pid)
        time.sleep(0.02)


def leave(number, _frame):
    sys.exit(128 + number)


def main():
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    # Whoever started us may be killed without a word.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        status = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL).wait()
    finally:
        # Once is enough: a second signal must not keep us from cleaning up.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if not end_all(signal.SIGTERM):
            end_all(signal.SIGKILL)
    sys.exit(status if status >= 0 else 128 - status)


main()
