"""Makes cells out of what the rows of scripts/bench ask for."""

import os

import bench_cells
from bench_rows import (ALL, APART_CERT, FLOOR, HALF, LIBCRYPTO, LONE, MICRO, OURS, SATURATED, SATURATED_CERT, TWO_SHARDS)

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
            keys.extend(self.servers if name == ALL else [name])
        return [self.cell(group, key) for key in dict.fromkeys(keys) if self.has_two_cores or key != TWO_SHARDS]

    def cell(self, group, key):
        place = self.saturated if group in (SATURATED, SATURATED_CERT) else self.apart
        if key in (MICRO, FLOOR):
            program = self.setting.build / "bench" / key
            return bench_cells.ToolCell(key, program, place, self.setting, ["--rounds", self.setting.tool_rounds])
        server = self.servers.get(key, self.servers[OURS])
        if key == TWO_SHARDS:
            return bench_cells.ServerCell(key, server, self.both_saturated, self.setting, ["--shards", 2], self.closed_loop(2))
        options = ["--shards", 1]
        load = self.load(group)
        if group in (SATURATED_CERT, APART_CERT):
            options += ["--client-cert", "require"]
            load += ["--client-cert"]
        if key == LIBCRYPTO:
            options += ["--lanes", "libcrypto"]
        return bench_cells.ServerCell(key, server, place, self.setting, options, load)

    def closed_loop(self, threads):
        return ["--threads", threads, "--concurrency", threads * self.setting.concurrency, "--duration", self.setting.seconds]

    def load(self, group):
        if group == LONE:
            return ["--threads", 1, "--rate", LONE_RATE, "--duration", max(4 * self.setting.seconds, 1)]
        if group == HALF:
            return ["--threads", 1, "--rate", round(self.half_rate()), "--duration", max(2 * self.setting.seconds, 1)]
        return self.closed_loop(1)

    def half_rate(self):
        """Of what the reference sustains, asked once."""
        if self.reference_rate is None:
            reference = bench_cells.ServerCell("rate", self.servers[bench_cells.REFERENCE], self.apart, self.setting,
                                               ["--shards", 1], self.closed_loop(1))
            self.reference_rate = bench_cells.sustainable_rate(reference)
            print(f"{reference.server.label} sustains {self.reference_rate:.0f} handshakes a second", flush=True)
        return self.reference_rate / 2
