"""Stands between two parties, passes their datagrams on, keeps a copy of each, and loses those that it is told to lose."""

import contextlib
import select
import socket
import threading

import dtls
import parties

STOP_LOOK_SECONDS = 0.1
DATAGRAM_MAX = 65536
TO_SERVER, TO_CLIENT = ">", "<"


def is_behind_handshake(datagram):
    return any(record.epoch > 0 and record.type in (dtls.APPLICATION_DATA, dtls.ALERT) for record in dtls.records_of(datagram))


class Relay:
    """`lose`: numbers of datagrams of the handshake, counted from 1 over both directions, that do not arrive. `late`: of those
    that the next one in their direction overtakes."""

    def __init__(self, target, lose=(), late=()):
        self.target = target
        self.lose = frozenset(lose)
        self.late = frozenset(late)
        self.log = []  # (direction, datagram)
        self.waiting = {TO_SERVER: [], TO_CLIENT: []}
        self.client = None
        self.stopping = False

    def __enter__(self):
        family = socket.AF_INET6 if ":" in self.target[0] else socket.AF_INET
        self.front = socket.socket(family, socket.SOCK_DGRAM)
        self.back = socket.socket(family, socket.SOCK_DGRAM)
        self.front.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.back.connect(self.target)
        self.address = self.front.getsockname()[:2]
        self.thread = threading.Thread(target=self.pass_on, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.stopping = True
        self.thread.join()
        self.front.close()
        self.back.close()

    def due(self, direction, datagram):
        """What is to be passed on now that this one has come."""
        self.log.append((direction, datagram))
        if len(self.log) in self.lose and not is_behind_handshake(datagram):
            return []
        if len(self.log) in self.late and not is_behind_handshake(datagram):
            self.waiting[direction].append(datagram)
            return []
        waiting, self.waiting[direction] = self.waiting[direction], []
        return [datagram, *waiting]

    def pass_on(self):
        while not self.stopping:
            ready, _, _ = select.select([self.front, self.back], [], [], STOP_LOOK_SECONDS)
            # Who is gone refuses: that is as good as lost.
            with contextlib.suppress(ConnectionRefusedError):
                if self.front in ready:
                    datagram, self.client = self.front.recvfrom(DATAGRAM_MAX)
                    for each in self.due(TO_SERVER, datagram):
                        self.back.send(each)
            with contextlib.suppress(ConnectionRefusedError):
                if self.back in ready:
                    datagram = self.back.recv(DATAGRAM_MAX)
                    for each in self.due(TO_CLIENT, datagram):
                        self.front.sendto(each, self.client)

    def datagrams(self, direction):
        return [datagram for way, datagram in list(self.log) if way == direction]

    def records(self, direction):
        return [record for datagram in self.datagrams(direction) for record in dtls.records_of(datagram)]

    def message(self, direction, message_type):
        """The body of the first whole one in the clear, or None."""
        for kind, _, body in dtls.messages_of(self.datagrams(direction)):
            if kind == message_type:
                return body
        return None

    def is_fragmented(self, direction):
        fragments = [fragment for record in self.records(direction) for fragment in dtls.fragments_of(record)]
        return any(len(fragment.body) < fragment.length for fragment in fragments)

    def protected(self, direction, record_type):
        """How many records of a type under keys."""
        return sum(record.type == record_type and record.epoch > 0 for record in self.records(direction))

    def wait_for_protected_alert(self, direction):
        parties.wait_until(lambda: self.protected(direction, dtls.ALERT) > 0, f"an alert under keys ({direction})")

    def wait_for_alert(self, direction, alert):
        parties.wait_until(lambda: alert in dtls.alerts_of(self.datagrams(direction)), f"alert {alert} ({direction})")

    def trace(self):
        lines = [f"{number}{direction} {dtls.describe(datagram)}" for number, (direction, datagram) in enumerate(self.log, 1)]
        return "; ".join(lines[:40])
