"""Makes cells out of what the rows of scripts/bench ask for."""

import os

import bench_cells
from bench_rows import (ALL, APART, APART_CERT, FLOOR, HALF, LIBCRYPTO, LONE, MICRO, OURS, SATURATED, SATURATED_CERT, TWO_SHARDS)

LONE_RATE = 50  # a second: each finds the server asleep


class Plan:
    def __init__(self, setting, cores):
        self.setting = setting
        self.servers = {server.key: server for server in bench_cells.servers(setting.build)}
        self.has_two_cores = cores is not None
        server_core, load_core = cores or (min(os.sched_getaffinity(0)),) * 2
        together = frozenset({load_core})
        both = frozenset({server_core, load_core})
        self.saturated = bench_cells.Place(together, together, bench_cells.NICEST, os.SCHED_BATCH)
        self.both_saturated = bench_cells.Place(both, both, bench_cells.NICEST, os.SCHED_BATCH)
        self.apart = bench_cells.Place(frozenset({server_core}), together, 0, os.SCHED_OTHER)
        self.reference_rate = None

    def possible(self, group):
        return self.has_two_cores or group in (SATURATED, SATURATED_CERT)

    def cells(self, group, names):
        keys = []
        for name in names:
            keys.extend(self.all_servers(group) if name == ALL else [name])
        return [self.cell(group, key) for key in dict.fromkeys(keys) if self.has_two_cores or key != TWO_SHARDS]

    def all_servers(self, group):
        """A quick run compares the others at saturation alone."""
        return bench_cells.ESSENTIAL if self.setting.quick and group in (APART, APART_CERT) else self.servers

    def cell(self, group, key):
        place = self.saturated if group in (SATURATED, SATURATED_CERT) else self.apart
        if key in (MICRO, FLOOR):
            program = self.setting.build / "bench" / key
            return bench_cells.ToolCell(key, program, place, self.setting, ["--rounds", self.setting.tool_rounds])
        server = self.servers.get(key, self.servers[OURS])
        if key == TWO_SHARDS:
            return bench_cells.ServerCell(key, server, self.both_saturated, self.setting, ["--shards", 2], self.load(group, threads=2))
        options = ["--shards", 1]
        if group in (SATURATED_CERT, APART_CERT):
            options += ["--client-cert", "require"]
        if key == LIBCRYPTO:
            options += ["--lanes", "libcrypto"]
        return bench_cells.ServerCell(key, server, place, self.setting, options, self.load(group))

    def load(self, group, threads=1):
        seconds = self.setting.seconds
        if group == LONE:
            return bench_cells.Load(max(4 * seconds, 1), rate=LONE_RATE)
        if group == HALF:
            return bench_cells.Load(max(2 * seconds, 1), rate=round(self.half_rate()))
        return bench_cells.Load(seconds, threads, self.setting.concurrency, client_certificate=group in (SATURATED_CERT, APART_CERT))

    def half_rate(self):
        """Of what the reference sustains, asked once."""
        if self.reference_rate is None:
            reference = bench_cells.ServerCell("rate", self.servers[bench_cells.REFERENCE], self.apart, self.setting,
                                               ["--shards", 1], self.load(APART))
            self.reference_rate = bench_cells.sustainable_rate(reference)
            print(f"{reference.server.label} sustains {self.reference_rate:.0f} handshakes a second", flush=True)
        return self.reference_rate / 2
