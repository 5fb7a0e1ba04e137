"""Suites, groups and certificates that handshakes with other people's programs must agree on, each list here and nowhere else,
and the table of how they went."""

import dataclasses
import itertools
import operator

import credentials

ECDSA, RSA = "ECDSA", "RSA"
X25519, P256, P384 = "X25519", "P-256", "P-384"
ED25519 = "Ed25519"
RSA_2048, RSA_3072, RSA_4096 = "RSA-2048", "RSA-3072", "RSA-4096"
AES_128, AES_256 = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"
CHACHA20 = "ECDHE-ECDSA-CHACHA20-POLY1305"
RSA_AES_128, RSA_AES_256 = "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"
RSA_CHACHA20 = "ECDHE-RSA-CHACHA20-POLY1305"
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
    CHACHA20: Suite(0xCCA9, ECDSA, "CHACHA20-POLY1305", "sha256"),
    RSA_AES_128: Suite(0xC02F, RSA, "AES-128-GCM", "sha256"),
    RSA_AES_256: Suite(0xC030, RSA, "AES-256-GCM", "sha384"),
    RSA_CHACHA20: Suite(0xCCA8, RSA, "CHACHA20-POLY1305", "sha256"),
}
GROUPS = {X25519: 0x001D, P256: 0x0017, P384: 0x0018}
CERTIFICATES = {P256: ECDSA, P384: ECDSA, RSA_2048: RSA, RSA_4096: RSA}  # of servers
# What the server asks for, and what the client gives.
CLIENT_CERTIFICATES = {"none": ("none", None), "request-without": ("request", None), "request-with": ("request", P256),
                       "require-with": ("require", P256), "require-with-p384": ("require", P384),
                       "require-with-rsa": ("require", RSA_2048)}


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
        return list(dict.fromkeys([self.group, *[curve for curve in curves if curve in GROUPS]]))


def firsts(signature):
    """The first suite, certificate, group and client certificate."""
    suite = next(name for name, suite in SUITES.items() if suite.signature == signature)
    kind = next(name for name, kind in CERTIFICATES.items() if kind == signature)
    return suite, kind, next(iter(GROUPS)), next(iter(CLIENT_CERTIFICATES))


def first_shape(suite):
    return Shape(suite, kind=firsts(SUITES[suite].signature)[1])


def shapes(place):
    """(name, shape): suite x certificate x group x client certificate, or when it is to be brief, those that depart from the first
    ones in one place; and a small MTU with the first suite and group."""
    for choice in itertools.product(SUITES, CERTIFICATES, GROUPS, CLIENT_CERTIFICATES):
        suite, kind, group, client = choice
        if SUITES[suite].signature != CERTIFICATES[kind]:
            continue
        suite_departs, kind_departs, group_departs, client_departs = map(operator.ne, choice, firsts(CERTIFICATES[kind]))
        if place.brief and suite_departs + kind_departs + group_departs + client_departs > 1:
            continue
        asked, given = CLIENT_CERTIFICATES[client]
        shape = Shape(suite, group, asked, place.credentials.clients[given] if given else None, kind=kind)
        yield "/".join(choice), shape
        if not suite_departs and not group_departs:
            yield f"{'/'.join(choice)}/mtu-{SMALL_MTU}", dataclasses.replace(shape, mtu=SMALL_MTU)


def ed25519_shapes(place):
    """(name, shape): a server of that kind under each suite that it is for. A client has another: see its refusal."""
    for suite in (AES_128, AES_256, CHACHA20):
        yield f"ed25519/{suite}", Shape(suite, kind=ED25519)
    yield "ed25519/require-with", Shape(asked="require", given=place.credentials.client, kind=ED25519)
    yield f"ed25519/{P384}", Shape(group=P384, kind=ED25519)


PASSED, FAILED = "+", "X"
FOOTNOTES = "abcdefghijklmnopqrstuvwxyz"


class Table:
    """A block for each suite and certificate, a row for each party, a mark for each group and client certificate."""

    def __init__(self):
        self.marks = {}  # (suite, kind) -> party -> (group, client) -> mark
        self.reasons = {}  # why -> (mark, parties)
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
            mark, parties = self.reasons.setdefault(argued, (FOOTNOTES[len(self.reasons)], {}))
            parties[party] = True
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
        for reason, (mark, parties) in self.reasons.items():
            print(f"{mark}  {', '.join(parties)}: {reason}")
        for name, reason in self.others.items():
            print(f"not had  {name}: {reason}")
