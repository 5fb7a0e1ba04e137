"""Suites, groups and certificates that handshakes with other people's programs must agree on, each list here and nowhere else,
and the table of how they went."""

import dataclasses
import itertools

import credentials

ECDSA, RSA = "ECDSA", "RSA"
P256 = "P-256"
X25519 = "X25519"
AES_128, AES_256 = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"
SMALL_MTU = 400


@dataclasses.dataclass(frozen=True)
class Suite:
    code: int
    signature: str  # of the server's certificate
    cipher: str
    prf_hash: str


SUITES = {  # by OpenSSL's names
    AES_128: Suite(0xC02B, ECDSA, "AES-128-GCM", "sha256"),
    AES_256: Suite(0xC02C, ECDSA, "AES-256-GCM", "sha384"),
}
GROUPS = {X25519: 0x001D, P256: 0x0017}
# What is had with OpenSSL alone, in cells of its own.
P384 = "P-384"
RSA_AES_128, RSA_AES_256 = "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"
CHACHA, RSA_CHACHA = "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"
SUITE_CODES = {**{name: suite.code for name, suite in SUITES.items()},
               RSA_AES_128: 0xC02F, RSA_AES_256: 0xC030, RSA_CHACHA: 0xCCA8, CHACHA: 0xCCA9}
GROUP_CODES = {**GROUPS, P384: 0x0018}
CERTIFICATES = {P256: ECDSA}
# What the server asks for, and what the client gives.
CLIENT_CERTIFICATES = {"none": ("none", None), "request-without": ("request", None), "request-with": ("request", P256),
                       "require-with": ("require", P256)}


@dataclasses.dataclass(frozen=True)
class Shape:
    """What both sides shall agree on. `asked`: the server's --client-cert; `given`: the client's certificate or None. `kind`: of
    the server's certificate."""

    suite: str = AES_128
    group: str = X25519
    asked: str = "none"
    given: credentials.Certificate = None
    mtu: int = None
    kind: str = P256

    def groups_offered(self):
        """The group, and then the curves of the certificates: the list that a hello has is about those too."""
        curves = [self.kind, self.given.kind if self.given else None]
        return list(dict.fromkeys([self.group, *[curve for curve in curves if curve in (P256, P384)]]))


def shapes(place):
    """(name, shape): suite x certificate x group x client certificate; and a small MTU, once for each kind of certificate."""
    for suite, kind, group, client in itertools.product(SUITES, CERTIFICATES, GROUPS, CLIENT_CERTIFICATES):
        if SUITES[suite].signature != CERTIFICATES[kind]:
            continue
        asked, given = CLIENT_CERTIFICATES[client]
        shape = Shape(suite, group, asked, place.credentials.clients[given] if given else None, kind=kind)
        yield f"{suite}/{kind}/{group}/{client}", shape
        if group == next(iter(GROUPS)) and suite == next(name for name in SUITES if SUITES[name].signature == CERTIFICATES[kind]):
            yield f"{suite}/{kind}/{group}/{client}/mtu-{SMALL_MTU}", dataclasses.replace(shape, mtu=SMALL_MTU)


PASSED, FAILED = "+", "X"
FOOTNOTES = "abcdefghijklmnopqrstuvwxyz"


class Table:
    """A block for each suite and certificate, a row for each party, a mark for each group and client certificate."""

    def __init__(self):
        self.marks = {}  # (suite, kind) -> party -> (group, client) -> mark
        self.reasons = {}  # (party, why) -> mark
        self.others = {}  # name -> why, of what has no place in the blocks

    def add(self, name, passed, argued=None):
        party, *rest = name.split("/")
        if len(rest) < 4 or rest[0] not in SUITES or rest[1] not in CERTIFICATES:
            if argued is not None:
                self.others[name] = argued
            return
        suite, kind, group, client = rest[:4]
        mark = PASSED if passed else FAILED
        if argued is not None:
            mark = self.reasons.setdefault((party, argued), FOOTNOTES[len(self.reasons) % len(FOOTNOTES)])
        row = self.marks.setdefault((suite, kind), {}).setdefault(party, {})
        # Of several conversations in a cell the worst counts.
        row[group, client] = max(row.get((group, client), PASSED), mark, key=lambda each: (each == FAILED, each != PASSED))

    def show(self):
        if not self.marks:
            return
        width = max(len(party) for rows in self.marks.values() for party in rows)
        print(f"In each group, in this order: {', '.join(CLIENT_CERTIFICATES)}. {PASSED} passed, {FAILED} failed, a letter: see below.")
        for (suite, kind), rows in self.marks.items():
            print(f"\n{suite}, certificate {kind}\n{'':{width}}  " + "  ".join(f"{group:{len(CLIENT_CERTIFICATES)}}" for group in GROUPS))
            for party, row in rows.items():
                cells = ["".join(row.get((group, client), " ") for client in CLIENT_CERTIFICATES) for group in GROUPS]
                widths = [max(len(group), len(CLIENT_CERTIFICATES)) for group in GROUPS]
                print(f"{party:{width}}  " + "  ".join(f"{cell:{size}}" for cell, size in zip(cells, widths)).rstrip())
        print()
        for (party, reason), mark in self.reasons.items():
            print(f"{mark}  {party}: {reason}")
        for name, reason in self.others.items():
            print(f"not had  {name}: {reason}")
