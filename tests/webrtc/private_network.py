"""Two hosts and a cable, in namespaces that nobody else sees and that end with the processes in them.

    ours:   10.77.0.1 the server, 10.77.0.2 the relay
            |  veth
    theirs: 10.77.0.3 the browsers, with a default route, since a browser gathers no candidate without one

    A second cable, where it is wanted: 10.78.0.1 the server, 10.78.0.3 the browsers.

`enter` runs the program anew in namespaces of its own: network, processes, mounts. Whatever it starts ends with it, for the kernel
ends a process namespace with its first process; and that one ends when whoever called `enter` does, even by SIGKILL.
"""

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import time

SERVER, RELAY, BROWSER = "10.77.0.1", "10.77.0.2", "10.77.0.3"
SECOND_SERVER, SECOND_BROWSER = "10.78.0.1", "10.78.0.3"
INSIDE = "RINGDTLS_PRIVATE_NETWORK"
PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 10
PROGRAMS_NEEDED = {"unshare": "util-linux", "nsenter": "util-linux", "mount": "mount", "ip": "iproute2"}  # in which package


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def enter():
    """Returns inside; outside, it is the program's end."""
    if os.environ.get(INSIDE):
        return
    as_root = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    command = ["unshare", *as_root, "--net", "--pid", "--mount-proc", "--fork", "--kill-child=SIGKILL",
               sys.executable, "-B", *sys.argv]
    inside = subprocess.Popen(command, env={**os.environ, INSIDE: "1"}, preexec_fn=die_with_parent)

    def leave(number, _frame):
        inside.kill()
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    status = inside.wait()
    sys.exit(status if status >= 0 else 128 - status)


def run(*command):
    subprocess.run([str(word) for word in command], check=True, timeout=PATIENCE_SECONDS)


def private_folder(other):
    """A folder that nobody else sees, in memory, and gone with the namespaces: for profiles. Its path is short, since browsers
    put sockets there, whose paths may have 107 bytes. It must not hide `other`."""
    mount_point = next(folder for folder in map(pathlib.Path, ("/media", "/mnt")) if folder not in other.parents)
    run("mount", "-t", "tmpfs", "tmpfs", mount_point)
    return mount_point


class PrivateNetwork:
    """Runs for the length of a with block; `theirs` is what to write in front of a command that shall run where the browsers
    are."""

    def __enter__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], preexec_fn=die_with_parent)
        self.theirs = ["nsenter", f"--target={self.holder.pid}", "--net"]
        try:
            self.wait_for_holder()
            self.connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_for_holder(self):
        ours, theirs = pathlib.Path("/proc/self/ns/net"), pathlib.Path(f"/proc/{self.holder.pid}/ns/net")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while theirs.readlink() == ours.readlink():
            if time.monotonic() > deadline or self.holder.poll() is not None:
                raise OSError("unshare made no network namespace")
            time.sleep(0.01)

    def connect(self):
        run("ip", "link", "set", "lo", "up")
        run(*self.theirs, "ip", "link", "set", "lo", "up")
        self.plug_cable("first", (SERVER, RELAY), BROWSER)
        run(*self.theirs, "ip", "route", "add", "default", "via", SERVER)

    def plug_cable(self, name, ours, theirs):
        """The same name at both ends. Without addresses of IPv6: a link-local one is there for good after a second or two, a browser
        takes that for a change of its network, and ends what it fetches."""
        run("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", self.holder.pid)
        for host in ([], self.theirs):
            run(*host, "ip", "link", "set", name, "addrgenmode", "none")
        for address in ours:
            run("ip", "address", "add", f"{address}/24", "dev", name)
        run("ip", "link", "set", name, "up")
        run(*self.theirs, "ip", "address", "add", f"{theirs}/24", "dev", name)
        run(*self.theirs, "ip", "link", "set", name, "up")

    @contextlib.contextmanager
    def cut(self, cable):
        run("ip", "link", "set", cable, "down")
        try:
            yield
        finally:
            run("ip", "link", "set", cable, "up")

    @contextlib.contextmanager
    def second_cable(self):
        self.plug_cable("second", (SECOND_SERVER,), SECOND_BROWSER)
        try:
            yield
        finally:
            run("ip", "link", "delete", "second")

    def __exit__(self, *exception):
        self.holder.kill()
        self.holder.wait()
