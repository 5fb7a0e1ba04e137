"""What a conversation between one of our programs and somebody else's must look like, whoever that is."""

import concurrent.futures
import dataclasses
import functools
import itertools
import pathlib
import re
import time

import credentials
import dtls
import relay as relays
from matrix import GROUPS, SUITES, X25519, ed25519_shapes, shapes
from parties import Argued, Load, Serve, Unmet, expect, expect_equal, wait_until

DATA_LEN, DATA_RECORDS = 200, 3
SAY_AGAIN_SECONDS = 1
RETRANSMIT_US = 900_000  # before the first is due
SAY_TIMES = 20
# Noise that nobody here makes, whatever the load of the machine.
NEVER_DISCARDED = ("not_dtls", "truncated", "version", "bad_hello", "replay", "authentication", "epoch", "bad_fragment",
                   "unprotected", "unverified", "unknown_type", "rate_limited", "full")


@dataclasses.dataclass
class Place:
    """Where the tests run: the build under test, certificates, and a folder for what they write."""

    build: pathlib.Path
    clients: pathlib.Path  # captured hellos
    folder: pathlib.Path
    credentials: credentials.Credentials
    brief: bool = False
    numbers: itertools.count = dataclasses.field(default_factory=itertools.count)

    def scratch(self, name):
        return self.folder / f"{next(self.numbers)}-{name}"


def say_till_answered(party, word, pattern):
    """Datagrams may be lost, so it is said again."""
    for _ in range(SAY_TIMES):
        party.say(f"{word}\n")
        try:
            party.wait_for(pattern, SAY_AGAIN_SECONDS)
            return
        except Unmet:
            if party.ended:
                raise
    party.complain(f"no answer to {word!r}")


def say_till_echoed(party, word):
    say_till_answered(party, word, re.escape(word))


def expect_agreed(relay, shape):
    """What the handshake says in the clear is what was wanted."""
    hello = dtls.read_server_hello(relay.message(relays.TO_CLIENT, dtls.SERVER_HELLO) or b"")
    expect_equal("version", hello.version, dtls.DTLS_1_2)
    expect_equal("suite", hello.suite, SUITES[shape.suite].code)
    group = dtls.read_group(relay.message(relays.TO_CLIENT, dtls.SERVER_KEY_EXCHANGE) or b"")
    expect_equal("group", group, GROUPS[shape.group])
    asks = relay.message(relays.TO_CLIENT, dtls.CERTIFICATE_REQUEST) is not None
    expect_equal("CertificateRequest there", asks, shape.asked != "none")
    certificate = relay.message(relays.TO_SERVER, dtls.CERTIFICATE)
    proof = relay.message(relays.TO_SERVER, dtls.CERTIFICATE_VERIFY)
    expect_equal("client's Certificate there", certificate is not None, asks)
    expect_equal("CertificateVerify there", proof is not None, asks and shape.given is not None)
    if certificate is not None:
        expect_equal("client's Certificate empty", certificate == bytes(3), shape.given is None)


def expect_no_amplification(relay):
    """Until the client has shown a cookie, no more bytes come out than go in."""
    balance = 0
    for direction, datagram in relay.log:
        if any(kind == dtls.SERVER_HELLO for kind, _, _ in dtls.messages_of([datagram])):
            return
        balance += len(datagram) if direction == relays.TO_SERVER else -len(datagram)
        expect(balance >= 0, f"{-balance} bytes too many to an address without proof")


def expect_served_one(stats, relay):
    expect_equal("handshakes_completed", stats["handshakes_completed"], 1)
    expect_equal("handshakes_failed", stats["handshakes_failed"], {})
    expect_equal("connections_peak", stats["connections_peak"], 1)
    discarded = {reason: stats["records_discarded"][reason] for reason in NEVER_DISCARDED if stats["records_discarded"][reason]}
    # A client whose timer was faster than we were has repeated its flight, with a ChangeCipherSpec that comes late.
    repeated = sum(record.type == dtls.CHANGE_CIPHER_SPEC for record in relay.records(relays.TO_SERVER)) - 1
    if repeated > 0 and discarded.get("unprotected", 0) <= repeated:
        discarded.pop("unprotected", None)
    expect_equal("records_discarded", discarded, {})
    wait_until(lambda: len(relay.datagrams(relays.TO_CLIENT)) >= stats["datagrams_sent"], "all that the server says it sent")
    datagrams = relay.datagrams(relays.TO_CLIENT)
    sent = stats["datagrams_sent"], stats["bytes_sent"]
    expect_equal("what the server says it sent", sent, (len(datagrams), sum(map(len, datagrams))))


def expect_datagrams_fit(relay, direction, mtu):
    longest = max(map(len, relay.datagrams(direction)))
    expect(longest <= mtu, f"a datagram of {longest} bytes, where {mtu} are allowed")


def with_trace(relay, judge):
    """A complaint brings the conversation along."""
    try:
        judge()
    except (Unmet, dtls.Malformed) as complaint:
        raise Unmet(f"{complaint}; datagrams: {relay.trace()}") from complaint


class Peer:
    """Somebody else's client and server."""

    cuts_datagrams = True  # to the MTU that it is told
    says_close = True  # as a client, whenever it closes
    sends_own_suite = True  # as a client; or all that it knows
    sends_own_groups = True
    chooses_group = True  # as a server; or it takes the first that a client offers

    def argued(self, shape, is_server):
        """Why this cannot be had with it, or None."""

    def client(self, place, address, shape, extra=()):
        """A party, not started."""
        raise NotImplementedError

    def exchange(self, client):
        """It says something and gets it back."""
        say_till_echoed(client, f"echo-{time.monotonic_ns()}")

    def expect_content(self, client, shape):
        """What it says of the handshake is what was wanted."""
        raise NotImplementedError

    def finish(self, client):
        """It says close_notify and ends."""
        raise NotImplementedError

    def server(self, place, shape, extra=()):
        """A party, not started."""
        raise NotImplementedError

    def expect_closed(self, server):
        """It has understood that its client is gone."""


def serve_options(peer, shape):
    """Of several groups that a client offers ours takes X25519 first, unless it is told."""
    mtu = ("--mtu", shape.mtu) if shape.mtu else ()
    choice = shape.group != X25519 and (not peer.sends_own_groups or len(shape.groups_offered()) > 1)
    suite = () if peer.sends_own_suite else ("--suite", shape.suite)
    return ("--client-cert", shape.asked, *mtu, *suite, *(("--group", shape.group) if choice else ()))


def client_is_served(place, peer, shape, extra=(), io="auto", certificate=None, harm=None, listen="127.0.0.1:0"):
    """Handshake, echo, close_notify both ways, and the statistics agree. Returns the relay."""
    with Serve(place, *serve_options(peer, shape), io=io, listen=listen,
               certificate=certificate or place.credentials.servers[shape.kind]) as serve, \
         relays.Relay(serve.address, **(harm or {})) as relay:
        with peer.client(place, relay.address, shape, extra) as client:
            def converse():
                peer.exchange(client)
                peer.expect_content(client, shape)
                peer.finish(client)
                if peer.says_close:
                    relay.wait_for_protected_alert(relays.TO_SERVER)
                    relay.wait_for_protected_alert(relays.TO_CLIENT)
            with_trace(relay, converse)
        stats = serve.stop()

        def judge():
            expect_agreed(relay, shape)
            if not harm:
                expect_no_amplification(relay)
                expect_served_one(stats, relay)
            if shape.mtu:
                expect_datagrams_fit(relay, relays.TO_CLIENT, shape.mtu)
                expect(relay.is_fragmented(relays.TO_CLIENT), "the server's flight came in one piece")
                cut = shape.given is None or not peer.cuts_datagrams or relay.is_fragmented(relays.TO_SERVER)
                expect(cut, "the client's Certificate came in one piece")
        with_trace(relay, judge)
    return relay


def client_is_refused(place, peer, shape, alert, extra=(), says=None, **other):
    """The client gets this alert in the clear and nothing else, and no association is made."""
    with Serve(place, *serve_options(peer, shape)) as serve, relays.Relay(serve.address) as relay:
        with peer.client(place, relay.address, shape, extra, **other) as client:
            def converse():
                expect(client.wait_exit() != 0, "the client is content")
                expect(says is None or re.search(says, client.text()), f"the client does not say {says!r}")
            with_trace(relay, converse)
        stats = serve.stop()

        def judge():
            alerts = dtls.alerts_of(relay.datagrams(relays.TO_CLIENT))
            expect_equal("alerts of all kinds", set(alerts), {(dtls.FATAL, alert)})
            hellos = sum(fragment.message_seq == 1 and fragment.offset == 0 for record in relay.records(relays.TO_SERVER)
                         for fragment in dtls.fragments_of(record) if fragment.type == dtls.CLIENT_HELLO)
            expect(len(alerts) <= hellos, f"{len(alerts)} alerts for {hellos} hellos with a cookie")
            expect_equal("records under keys", relay.protected(relays.TO_CLIENT, dtls.HANDSHAKE), 0)
            expect_equal("handshakes_completed", stats["handshakes_completed"], 0)
            expect_equal("handshakes failed", sum(stats["handshakes_failed"].values()), len(alerts))
        with_trace(relay, judge)


def load_options(shape, data=False, peer=Peer):
    options = ["--handshakes", 1, "--concurrency", 1, "--threads", 1]
    if shape.given is not None:
        options += ["--client-cert", "--cert", shape.given.path, "--key", shape.given.key]
    if shape.group != X25519 and not peer.chooses_group:
        options += ["--group", shape.group]
    if shape.mtu:
        options += ["--mtu", shape.mtu]
    if data:
        options += ["--data", DATA_LEN, "--records", DATA_RECORDS]
    return options


def server_is_used(place, peer, shape, extra=(), data=True, harm=None, options=(), cookies=None):
    """`ringdtls-load` makes one handshake with somebody else's server, gets its echoes and says close_notify."""
    with peer.server(place, shape, extra) as server, relays.Relay(server.address, **(harm or {})) as relay, \
         Load(place, relay.address, *load_options(shape, data, peer), *options) as load:
        def judge():
            status, figures = load.figures()
            expect_equal("failed_by_reason", figures["failed_by_reason"], {})
            expect_equal("exit status", status, 0)
            expect_equal("completed", figures["completed"], 1)
            expect_equal("cipher_suite", int(figures["cipher_suite"], 16), SUITES[shape.suite].code)
            expect_agreed(relay, shape)
            relay.wait_for_protected_alert(relays.TO_SERVER)
            peer.expect_closed(server)
            if not harm and figures["latency_us"]["max"] < RETRANSMIT_US:
                expect_equal("retransmits", figures["retransmits"], 0)
            asked = relay.message(relays.TO_CLIENT, dtls.HELLO_VERIFY_REQUEST) is not None
            expect(cookies is None or asked == cookies, f"HelloVerifyRequest there: {asked}")
            if shape.mtu:
                expect_datagrams_fit(relay, relays.TO_SERVER, shape.mtu)
                cut = not peer.cuts_datagrams or relay.is_fragmented(relays.TO_CLIENT)
                expect(cut, "the server's flight came in one piece")
        with_trace(relay, judge)
    return relay


def argue(reason):
    raise Argued(reason)


def matrix_cells(place, peer, party, is_server, converse):
    """`converse(shape)` for each shape that can be had with this party."""
    for name, shape in itertools.chain(shapes(place), ed25519_shapes(place)):
        reason = peer.argued(shape, is_server)
        yield f"{party}/{name}", functools.partial(converse, shape) if reason is None else functools.partial(argue, reason)


def server_is_refused(place, peer, shape, reason, extra=(), options=(), server_says=None):
    """The handshake fails, for this reason, whoever refuses."""
    with peer.server(place, shape, extra) as server, relays.Relay(server.address) as relay, \
         Load(place, relay.address, *load_options(shape, data=False), *options) as load:
        def judge():
            status, figures = load.figures()
            expect_equal("failed_by_reason", figures["failed_by_reason"], {reason: 1})
            expect_equal("exit status", status, 1)
            expect_equal("completed", figures["completed"], 0)
            if server_says is not None:
                server.wait_for(server_says)
        with_trace(relay, judge)


def handshake_len(relay):
    """Datagrams till the first that holds data or an alert under keys."""
    for number, (_, datagram) in enumerate(relay.log):
        if relays.is_behind_handshake(datagram):
            return number
    raise Unmet("the handshake does not end")


def each_harmed_once(converse, kind, spared=0):
    """Any one datagram of a handshake may be lost, or late, but for so many at its end. `converse(harm)` has the handshake and
    returns the relay."""
    count = handshake_len(converse(None)) - spared

    def harm_one(number):
        try:
            converse({kind: (number,)})
        except Unmet as complaint:
            raise Unmet(f"{kind} {number} of {count}: {complaint}") from complaint
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        list(pool.map(harm_one, range(1, count + 1)))


def harm_cells(name, converse, spared=0):
    for kind, title in (("lose", "each-datagram-lost"), ("late", "each-datagram-late")):
        yield f"{name}/{title}", lambda kind=kind: each_harmed_once(converse, kind, spared)
