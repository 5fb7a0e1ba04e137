#!/usr/bin/env python3
"""A seeded relay of datagrams: loses, doubles and reorders them, or loses one that it knows by its content.

usage: relay.py --listen ADDR:PORT --server ADDR:PORT [--seed N --loss P --duplicates P --reorder P] [--lose WHICH] [--trace FILE]

Each sender gets a socket of its own towards the server, and two random sequences, one for each direction, which depend on the
seed and on how many came before: the same conversation meets the same fate. STUN is no exception. --lose takes, of each sender:

  finished-1.2   the first datagram from the server with a handshake record of epoch 1
  finished-1.3   the last datagram of the server's first flight under keys
  ack-1.3        the first datagram from the server of epoch 3: it says that the client's Finished has come

Says `relay ready` when it is, and what it did as JSON when its input ends.
"""

import argparse
import heapq
import itertools
import json
import random
import select
import socket
import sys
import time

RECEIVE_BUFFER = 4 << 20
DATAGRAM_MAX = 65536
BURST_MAX = 64  # from one socket before the others have their turn
OVERTAKEN_SECONDS = 0.02  # by whatever comes until then, at most
FLIGHT_GAP_SECONDS = 0.004  # a flight's datagrams come closer together, other flights do not
TO_SERVER, TO_CLIENT = "to server", "to client"
HANDSHAKE = 22


def records(datagram):
    """(type or None, epoch) of each DTLS record; of unified headers the epoch's low two bits are there, and no type."""
    at = 0
    while at < len(datagram):
        first = datagram[at]
        if first & 0xE0 == 0x20:
            has_long_sequence, has_length = first & 0x08, first & 0x04
            yield None, first & 3
            at += 3 if has_long_sequence else 2
            at += 2 + int.from_bytes(datagram[at : at + 2], "big") if has_length else len(datagram)
        elif 20 <= first <= 26 and len(datagram) >= at + 13:
            yield first, int.from_bytes(datagram[at + 3 : at + 5], "big")
            at += 13 + int.from_bytes(datagram[at + 11 : at + 13], "big")
        else:
            return


class Fate:
    """What becomes of the datagrams of one direction."""

    def __init__(self, arguments, seed):
        self.arguments = arguments
        self.random = random.Random(seed)
        self.late = []

    def decide(self, datagram, now):
        """(what goes on now, until when it waits or None)"""
        lost, twice, late = (self.random.random() for _ in range(3))
        if lost < self.arguments.loss:
            return "lost", [], None
        copies = 2 if twice < self.arguments.duplicates else 1
        if late < self.arguments.reorder:
            self.late += [datagram] * copies
            return "late", [], now + OVERTAKEN_SECONDS
        return "doubled" if copies > 1 else "passed", [datagram] * copies + self.release(), None

    def release(self):
        late, self.late = self.late, []
        return late


class Losing:
    """Of one sender, the datagram that --lose names, once."""

    def __init__(self, which):
        self.which = which
        self.held = None

    def first_with(self, wanted, datagram):
        if self.which is None or not any(record == wanted for record in records(datagram)):
            return False
        self.which = None
        return True

    def from_server(self, datagram, now):
        """(what goes on now, until when it is held or None)"""
        if self.which == "finished-1.2":
            return ([], None) if self.first_with((HANDSHAKE, 1), datagram) else ([datagram], None)
        if self.which == "ack-1.3":
            return ([], None) if self.first_with((None, 3), datagram) else ([datagram], None)
        if self.which == "finished-1.3" and 20 <= datagram[0] < 64:
            before = [self.held] if self.held else []
            self.held = datagram if any(record == (None, 2) for record in records(datagram)) else None
            return before + ([] if self.held else [datagram]), now + FLIGHT_GAP_SECONDS if self.held else None
        return [datagram], None

    def held_too_long(self, datagram):
        """Nothing followed, so it was the last one: it is lost."""
        if self.held is not datagram:
            return False
        self.which = self.held = None
        return True


class Flow:
    def __init__(self, arguments, client, number):
        self.client = client
        self.number = number
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.socket.connect(arguments.server)
        self.fates = {way: Fate(arguments, f"{arguments.seed} {number} {way}") for way in (TO_SERVER, TO_CLIENT)}
        self.losing = Losing(arguments.lose)


class Relay:
    def __init__(self, arguments):
        self.arguments = arguments
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.setblocking(False)
        self.front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.front.bind(arguments.listen)
        self.poll = select.epoll()
        self.poll.register(self.front, select.EPOLLIN)
        self.poll.register(sys.stdin, select.EPOLLIN)
        self.flows = {}  # by the client's address
        self.by_socket = {}
        self.timers = []
        self.order = itertools.count()
        self.counts = {"passed": 0, "lost": 0, "doubled": 0, "late": 0, "chosen": 0}
        self.trace = open(arguments.trace, "w", encoding="ascii") if arguments.trace else None

    def flow_of(self, client):
        flow = self.flows.get(client)
        if flow is None:
            flow = self.flows[client] = Flow(self.arguments, client, len(self.flows))
            self.by_socket[flow.socket.fileno()] = flow
            self.poll.register(flow.socket, select.EPOLLIN)
        return flow

    def send(self, flow, way, datagrams):
        for datagram in datagrams:
            try:
                if way == TO_SERVER:
                    flow.socket.send(datagram)
                else:
                    self.front.sendto(datagram, flow.client)
            except (BlockingIOError, ConnectionRefusedError):
                pass  # who is gone, or has no room, loses it: that is what we are for

    def at(self, due, action):
        heapq.heappush(self.timers, (due, next(self.order), action))

    def pass_on(self, flow, way, datagram, now):
        what, ready, until = flow.fates[way].decide(datagram, now)
        self.counts[what] += 1
        self.note(flow, way, what, datagram, now)
        self.send(flow, way, ready)
        if until:
            self.at(until, lambda: self.send(flow, way, flow.fates[way].release()))

    def from_client(self, datagram, client, now):
        flow = self.flow_of(client)
        self.pass_on(flow, TO_SERVER, datagram, now)

    def from_server(self, datagram, flow, now):
        if not datagram:
            return
        wanted = flow.losing.which
        ready, until = flow.losing.from_server(datagram, now)
        self.counts["chosen"] += wanted is not None and flow.losing.which is None
        for each in ready:
            self.pass_on(flow, TO_CLIENT, each, now)
        if until:
            self.at(until, lambda: self.count_if_lost(flow, datagram))

    def count_if_lost(self, flow, datagram):
        self.counts["chosen"] += flow.losing.held_too_long(datagram)

    def note(self, flow, way, what, datagram, now):
        if self.trace:
            self.trace.write(f"{now:.6f} {flow.number} {way}: {what} {datagram.hex()}\n")

    def read(self, source, handle):
        for _ in range(BURST_MAX):
            try:
                datagram, address = source.recvfrom(DATAGRAM_MAX)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                continue
            handle(datagram, address, time.monotonic())

    def run_timers(self):
        """Seconds until the next one, or None."""
        while self.timers:
            wait = self.timers[0][0] - time.monotonic()
            if wait > 0:
                return wait
            heapq.heappop(self.timers)[2]()
        return None

    def run(self):
        print("relay ready", flush=True)
        while True:
            for descriptor, _ in self.poll.poll(self.run_timers()):
                if descriptor == sys.stdin.fileno():
                    return
                if descriptor == self.front.fileno():
                    self.read(self.front, self.from_client)
                else:
                    flow = self.by_socket[descriptor]
                    self.read(flow.socket, lambda datagram, _, now, flow=flow: self.from_server(datagram, flow, now))


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", type=address, required=True)
    parser.add_argument("--server", type=address, required=True)
    parser.add_argument("--seed", type=int, default=1)
    for name in ("--loss", "--duplicates", "--reorder"):
        parser.add_argument(name, type=float, default=0.0, help="probability")
    parser.add_argument("--lose", choices=("finished-1.2", "finished-1.3", "ack-1.3"))
    parser.add_argument("--trace", help="every datagram and its fate, in hex")
    relay = Relay(parser.parse_args())
    relay.run()
    print(json.dumps({**relay.counts, "senders": len(relay.flows)}), flush=True)


if __name__ == "__main__":
    main()
