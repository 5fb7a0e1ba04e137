"""What scripts/bench drives: a cell is one server in one situation, a group is cells that take turns.

At saturation a server runs at nice 19 on the core of the load generator, which is made to wait only by the concurrency: while it
runs, datagrams queue up at the server, so a load that is dearer than the server cannot leave it idle. The figure is then the
server's CPU time per handshake, as the kernel counts it for the process (/proc/PID/task/*/schedstat), the same way for every
server. What the server does for the end of each association (close_notify both ways) is in it.

The load is SCHED_BATCH there, so that being woken does not make it interrupt the server. Otherwise the kernel's own figures would
be wrong: when a wake-up decides that another task is to run, Linux takes the time as of the wake-up for the switch
(rq_clock_skip_update), and what the server still does in that system call, dozens of datagrams in one io_uring_enter, is charged to
the load. Measured: 22 us per handshake instead of 33. Nothing changes for a server that sends by sendmmsg, which gives way after
each datagram.
"""

import contextlib
import dataclasses
import itertools
import pathlib
import statistics

from measuring import LISTENING, ROUND_SECONDS, START_SECONDS, STOP_SECONDS, MeasureError, Process, read_json

NICEST = 19
LABELS = {"openssl": "OpenSSL", "openssl plain": "OpenSSL, plain", "gnutls": "GnuTLS", "wolfssl": "wolfSSL", "mbedtls": "Mbed TLS"}
REFERENCE = "openssl"
PLAIN = "openssl plain"
ESSENTIAL = ("ringdtls", REFERENCE)
PROBE_SECONDS = 0.3
PROBE_CONCURRENCY = 32
ANSWER_SECONDS = 0.4  # below the second after which DTLS sends again


@dataclasses.dataclass(frozen=True)
class Server:
    key: str
    label: str
    command: tuple


def servers(build):
    """Ours, and each that was built beside it."""
    found = [Server("ringdtls", "ringdtls", (build / "ringdtls", "serve"))]
    programs = sorted((build / "bench").glob("*_server"))
    keys = {program.name.removesuffix("_server"): program for program in programs if program.is_file()}
    for key in sorted(keys, key=lambda key: (key != REFERENCE, key)):
        found.append(Server(key, LABELS.get(key, key), (keys[key],)))
        if key == REFERENCE:
            found.append(Server(PLAIN, LABELS[PLAIN], (keys[key], "--variant", "plain")))
    return found


@dataclasses.dataclass(frozen=True)
class Place:
    """Who runs where."""

    server_cores: frozenset
    load_cores: frozenset
    nice: int
    load_policy: int


@dataclasses.dataclass(frozen=True)
class Setting:
    build: pathlib.Path
    folder: pathlib.Path
    seconds: float
    rounds: int
    concurrency: int
    tool_rounds: int  # of micro and floor
    quick: bool


@dataclasses.dataclass
class Sample:
    """One round of one cell."""

    cpu_us: float
    completed: int
    failed: int
    retransmits: int
    per_second: float
    p50_us: float
    p99_us: float
    core_busy: float  # server and load together, of the cores that they may use


@dataclasses.dataclass(frozen=True)
class Load:
    """What a cell's server is driven with: so many at once, or so many each second."""

    seconds: float
    threads: int = 1
    concurrency: int = 0
    rate: int = 0
    client_certificate: bool = False

    def options(self):
        how = ["--rate", self.rate] if self.rate else ["--concurrency", self.concurrency]
        certificate = ["--client-cert"] if self.client_certificate else []
        return ["--threads", self.threads, "--duration", self.seconds, *how, *certificate]


class ServerCell:
    def __init__(self, key, server, place, setting, server_options, load):
        self.key = key
        self.label = server.label if key == server.key else key
        self.server = server
        self.place = place
        self.setting = setting
        self.server_options = [str(option) for option in server_options]
        self.load = load
        self.samples = []
        self.essential = server.key in ESSENTIAL
        self.introduction = ""
        self.stats = {}
        self.error = ""

    @contextlib.contextmanager
    def running(self):
        stats = self.setting.folder / f"stats.{id(self):x}.json"
        command = [*self.server.command, "--listen", "127.0.0.1:0", "--cookies", "always", "--stats-json", stats, *self.server_options]
        with Process(command, self.place.server_cores, self.setting.folder, self.place.nice) as process:
            listening = process.line_with(LISTENING, START_SECONDS)
            self.introduction = listening.group(0)
            self.address = listening.group(1)
            self.process = process
            self.suit_concurrency()
            yield
            guarded(self, lambda: self.finish(stats))

    def finish(self, stats):
        if self.process.stop(STOP_SECONDS) != 0:
            raise MeasureError(f"{self.label} ended badly: {self.process.complaint()}")
        self.stats = read_json(stats)

    def suit_concurrency(self):
        """A slow server with a thousand handshakes before it answers each after more than a second, and both sides send again:
        that would count against it. It gets as many as it can answer in time. Ours and the reference are asked for all."""
        if self.essential or self.load.rate:
            return
        probe = dataclasses.replace(self.load, seconds=PROBE_SECONDS, concurrency=min(PROBE_CONCURRENCY, self.load.concurrency))
        fitting = round(self.drive(probe)[1]["rate_per_second"] * ANSWER_SECONDS)
        self.load = dataclasses.replace(self.load, concurrency=max(1, min(self.load.concurrency, fitting)))

    def drive(self, load):
        """One run of the load: (what the server used, what the load reported)."""
        results = self.setting.folder / "load.json"
        before = self.process.cpu_seconds_at_rest()
        command = [self.setting.build / "ringdtls-load", self.address, "--json", results, *load.options()]
        with Process(command, self.place.load_cores, self.setting.folder, policy=self.place.load_policy) as process:
            if process.end(load.seconds + ROUND_SECONDS) not in (0, 1):
                raise MeasureError(f"ringdtls-load: {process.complaint()}")
        figures = read_json(results)
        if figures["completed"] == 0:
            raise MeasureError(f"{self.label} completed no handshake: {figures['failed_by_reason']}")
        return self.process.cpu_seconds_at_rest() - before, figures

    def sample(self):
        cpu_s, load = self.drive(self.load)
        if cpu_s <= 0:
            raise MeasureError("this kernel does not count CPU time in /proc/PID/task/TID/schedstat")
        cores = len(self.place.server_cores | self.place.load_cores)
        self.samples.append(Sample(
            cpu_us=cpu_s * 1e6 / load["completed"], completed=load["completed"], failed=load["failed"],
            retransmits=load["retransmits"], per_second=load["rate_per_second"], p50_us=load["latency_us"]["p50"],
            p99_us=load["latency_us"]["p99"], core_busy=(cpu_s + load["cpu_seconds"]) / load["elapsed_s"] / cores))

    def progress(self):
        last = self.samples[-1]
        trouble = f" ({last.failed} failed)" if last.failed else ""
        return f"{self.label} {last.cpu_us:.1f} us{trouble}"


class ToolCell:
    """A program that measures by itself and writes one JSON object."""

    essential = True

    def __init__(self, key, program, place, setting, options=()):
        self.key = key
        self.label = key
        self.program = program
        self.place = place
        self.setting = setting
        self.options = options
        self.samples = []
        self.error = ""

    @contextlib.contextmanager
    def running(self):
        yield

    def sample(self):
        results = self.setting.folder / f"{self.key}.json"
        with Process([self.program, "--json", results, *self.options], self.place.load_cores, self.setting.folder) as tool:
            if tool.end(ROUND_SECONDS) != 0:
                raise MeasureError(f"{self.program}: {tool.complaint()}")
        self.samples.append(read_json(results))

    def progress(self):
        return f"{self.label} done"


def median(cell, figure):
    """figure: the name of one, or a function of a sample."""
    get = figure if callable(figure) else lambda sample: getattr(sample, figure)
    return statistics.median(get(sample) for sample in cell.samples)


def ratio(ours, theirs, figure="cpu_us"):
    """The median of the rounds' own ratios: a round's two samples were taken one soon after the other."""
    return statistics.median(getattr(a, figure) / getattr(b, figure) for a, b in zip(ours.samples, theirs.samples))


def guarded(cell, action):
    """A competitor that fails is left out, with its reason; without ours or the reference there is nothing to say."""
    try:
        action()
    except MeasureError as error:
        if cell.essential:
            raise
        cell.error = str(error)
        print(f"{cell.label} is left out: {error}", flush=True)


def measure(name, cells, rounds):
    """All are up at once and take turns; each round begins with another one, so that none is always first."""
    living = []
    with contextlib.ExitStack() as stack:
        for cell in cells:
            guarded(cell, lambda cell=cell: stack.enter_context(cell.running()))
        for index in range(rounds):
            living = [cell for cell in cells if not cell.error]
            first = index % len(living)
            for cell in itertools.chain(living[first:], living[:first]):
                guarded(cell, cell.sample)
            told = ", ".join(cell.progress() for cell in living if not cell.error)
            print(f"{name}, round {index + 1} of {rounds}: {told}", flush=True)


def sustainable_rate(cell):
    """Handshakes per second of a closed loop, median of three."""
    with cell.running():
        for _ in range(3):
            cell.sample()
    return median(cell, "per_second")
