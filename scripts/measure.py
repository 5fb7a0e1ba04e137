"""Measures ringdtls beside the OpenSSL peer on loopback and prints one table. scripts/demo builds first and calls this.

Each server has one thread on the first core, the load has the second. The two servers take turns, so that a noisy machine is
noisy for both. Memory is measured from outside, the same way for both: what the process grows by from a few held
associations to many, divided by their difference.
"""

import argparse
import dataclasses
import pathlib
import statistics
import sys
import tempfile

from measuring import (LISTENING, ROUND_SECONDS, START_SECONDS, STOP_SECONDS, MeasureError, OneLineParser, Process, cores,
                       leave_on_signals, machine, only, read_json)


@dataclasses.dataclass
class Figures:
    """What one server was seen to do."""

    completed: int = 0
    failed: int = 0
    elapsed_s: float = 0.0
    cpu_s: float = 0.0
    server_handshakes: int = 0
    p50_us: list = dataclasses.field(default_factory=list)
    p99_us: list = dataclasses.field(default_factory=list)
    bytes_per_connection: float = 0.0
    introduction: str = ""

    def add_round(self, load):
        self.completed += load["completed"]
        self.failed += load["failed"]
        self.elapsed_s += load["elapsed_s"]
        if load["latency_us"]:
            self.p50_us.append(load["latency_us"]["p50"])
            self.p99_us.append(load["latency_us"]["p99"])



class Bench:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        self.server_core, self.load_core = cores() or (None, None)

    def servers(self):
        """name -> command without the common options."""
        build = self.arguments.build
        return {"ringdtls": [build / "ringdtls", "serve"], "OpenSSL": [build / "bench" / "openssl_server"]}

    def server(self, name):
        options = ["--listen", "127.0.0.1:0", "--shards", "1", "--cookies", "always", "--stats-json", self.stats_path(name)]
        return Process(self.servers()[name] + options, only(self.server_core), self.folder)

    def stats_path(self, name):
        return self.folder / f"{name}.json"

    def load(self, address, *options):
        command = [self.arguments.build / "ringdtls-load", address, "--threads", "1", *options]
        return Process(command, only(self.load_core), self.folder)

    def round(self, address, handshakes):
        """A closed loop with one echo on each association."""
        results = self.folder / "load.json"
        with self.load(address, "--handshakes", handshakes, "--concurrency", self.arguments.concurrency, "--data", 100, "--records",
                       1, "--json", results) as load:
            if load.end(ROUND_SECONDS) not in (0, 1):
                raise MeasureError(f"ringdtls-load: {load.complaint()}")
        return read_json(results)

    def handshakes(self):
        """Both servers up, and driven in turn."""
        figures = {name: Figures() for name in self.servers()}
        names = list(figures)
        with self.server(names[0]) as first, self.server(names[1]) as second:
            running = dict(zip(names, (first, second)))
            address = {}
            for name, server in running.items():
                listening = server.line_with(LISTENING, START_SECONDS)
                address[name] = listening.group(1)
                figures[name].introduction = listening.group(0)
            for index in range(self.arguments.rounds):
                share = self.arguments.handshakes * (index + 1) // self.arguments.rounds
                share -= self.arguments.handshakes * index // self.arguments.rounds
                for name in names:
                    print(f"round {index + 1} of {self.arguments.rounds}: {name}, {share} handshakes", flush=True)
                    figures[name].add_round(self.round(address[name], share))
            for name, server in running.items():
                if server.stop(STOP_SECONDS) != 0:
                    raise MeasureError(f"{name} ended badly: {server.complaint()}")
                stats = read_json(self.stats_path(name))
                figures[name].cpu_s = stats["cpu_seconds"]
                figures[name].server_handshakes = stats["handshakes_completed"]
        return figures

    def memory(self, name):
        """Growth of the server's process from a quarter of the held associations to all, per association."""
        few = self.arguments.held // 4
        many = self.arguments.held - few
        hold = r"holding (\d+) associations"
        with self.server(name) as server:
            address = server.line_with(LISTENING, START_SECONDS).group(1)
            with self.load(address, "--hold", "--handshakes", few, "--concurrency", self.arguments.concurrency) as load:
                held_few = int(load.line_with(hold, ROUND_SECONDS).group(1))
                before = server.resident_bytes()
                with self.load(address, "--hold", "--handshakes", many, "--concurrency", self.arguments.concurrency) as more:
                    held_many = int(more.line_with(hold, ROUND_SECONDS).group(1))
                    after = server.resident_bytes()
                    if held_few != few or held_many != many:
                        raise MeasureError(f"{name} holds {held_few} and {held_many} associations instead of {few} and {many}")
                    more.stop(STOP_SECONDS)
                load.stop(STOP_SECONDS)
            server.stop(STOP_SECONDS)
        return (after - before) / many


def quotient(ours, theirs):
    return f"{ours / theirs:.2f}" if theirs > 0 else "-"


def rows(ours, theirs):
    """(label, ringdtls, OpenSSL, ratio)"""

    def row(label, value, form):
        a, b = value(ours), value(theirs)
        return label, form.format(a), form.format(b), quotient(a, b)

    yield row("handshakes per second", lambda f: f.completed / f.elapsed_s, "{:.0f}")
    yield row("server CPU, us per handshake", lambda f: f.cpu_s * 1e6 / max(f.server_handshakes, 1), "{:.1f}")
    yield row("server core busy, %", lambda f: 100 * f.cpu_s / f.elapsed_s, "{:.0f}")
    yield row("latency p50, us", lambda f: statistics.median(f.p50_us or [0]), "{:.0f}")
    yield row("latency p99, us", lambda f: statistics.median(f.p99_us or [0]), "{:.0f}")
    yield row("bytes per connection", lambda f: f.bytes_per_connection, "{:.0f}")
    yield "failures", str(ours.failed), str(theirs.failed), ""



def print_table(bench, figures):
    arguments = bench.arguments
    ours, theirs = figures["ringdtls"], figures["OpenSSL"]
    print()
    for name in figures:
        print(f"{name + ':':<10} {figures[name].introduction}")
    print()
    print(f"{'':<30}{'ringdtls':>12}{'OpenSSL':>12}{'ratio':>8}")
    for label, a, b, ratio in rows(ours, theirs):
        print(f"{label:<30}{a:>12}{b:>12}{ratio:>8}")
    print()
    print(f"{arguments.handshakes} handshakes each in {arguments.rounds} turns, {arguments.concurrency} at a time, cookies always, "
          "one echo of 100 bytes on each association.")
    print(f"Bytes per connection: growth of the server's process, {arguments.held - arguments.held // 4} associations held.")
    if bench.server_core is None:
        print("There is one core only: server and load share it.")
    else:
        print(f"Server: one thread on core {bench.server_core}. Load: one thread on core {bench.load_core}.")
    print(f"Machine: {machine()}")


def parse_arguments():
    parser = OneLineParser(prog="scripts/demo", description="Builds ringdtls, drives it beside the OpenSSL peer, and"
                                     " prints one table. What is missing on a Debian machine is installed first.")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"), help=argparse.SUPPRESS)
    parser.add_argument("--handshakes", type=int, default=20000, metavar="N", help="with each server (20000)")
    parser.add_argument("--concurrency", type=int, default=200, metavar="C", help="handshakes in flight (200)")
    parser.add_argument("--rounds", type=int, default=4, metavar="N", help="turns that each server gets (4)")
    parser.add_argument("--held", type=int, default=4000, metavar="N", help="associations held to measure memory (4000)")
    parser.add_argument("--only-judge-options", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not 1 <= arguments.rounds <= arguments.handshakes or arguments.concurrency < 1 or arguments.held < 4:
        parser.error("these numbers cannot be meant")
    return arguments



def main():
    arguments = parse_arguments()
    if arguments.only_judge_options:
        return
    leave_on_signals()
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(arguments, pathlib.Path(folder))
            figures = bench.handshakes()
            for name in figures:
                print(f"memory: {name}, {arguments.held} associations held", flush=True)
                figures[name].bytes_per_connection = bench.memory(name)
            print_table(bench, figures)
    except MeasureError as error:
        sys.exit(f"scripts/demo: {error}")
    sys.exit(1 if any(f.failed for f in figures.values()) else 0)


main()
