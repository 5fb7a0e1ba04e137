"""The hellos of tests/clients, sent to `ringdtls serve` as their clients would: without a cookie first, then with the one that
came back."""

import dataclasses
import select
import socket
import time

import dtls
from matrix import AES_128, GROUPS, P256, SUITES, X25519
from parties import PATIENCE_SECONDS, Serve, expect, expect_equal

IN_PARALLEL = True
COOKIE_LEN = 32
CAPTURED_COOKIE = bytes([0xC5]) * COOKIE_LEN
RANDOM_OFFSET = 2  # in a ClientHello, behind its version
SIGNATURE_SCHEME = 0x0403  # ecdsa_secp256r1_sha256, which all of them offer
DATAGRAM_MAX = 65536
LATER = 100  # what is sent again has other record numbers: these are free in every capture


@dataclasses.dataclass(frozen=True)
class Expected:
    """What a client gets: a suite and a group, or (suite None) an alert. It also says which extensions it asked for."""

    suite: int
    group: int
    datagrams: int  # of its first hello
    renegotiation_info: bool = True  # by extension or by suite
    record_size_limit: bool = False
    srtp: int = None  # of OUR_PROFILES
    alpn: str = None  # of OUR_PROTOCOLS
    point_formats: bool = True


OUR_PROFILES = "SRTP_AEAD_AES_128_GCM,SRTP_AES128_CM_SHA1_80"
GCM_128, AES_CM_80 = 7, 1
OUR_PROTOCOLS = "c-webrtc,webrtc"
OFFERS = ("--srtp", OUR_PROFILES, "--alpn", OUR_PROTOCOLS)
CHROMIUM = Expected(SUITES[AES_128].code, GROUPS[X25519], 2, srtp=GCM_128)
FIREFOX = Expected(SUITES[AES_128].code, GROUPS[X25519], 2, record_size_limit=True, srtp=GCM_128, alpn="c-webrtc")
ONE_DATAGRAM = Expected(SUITES[AES_128].code, GROUPS[X25519], 1)
NO_SUITE = Expected(None, None, 1)
CLIENTS = {
    "chromium": CHROMIUM,
    "chromium-nopqc": dataclasses.replace(CHROMIUM, datagrams=1),
    "chromium-sped": dataclasses.replace(CHROMIUM, datagrams=3),
    "chromium-media": CHROMIUM,
    "firefox": FIREFOX,
    "firefox-nopqc": dataclasses.replace(FIREFOX, datagrams=1),
    "firefox-dtls12": dataclasses.replace(FIREFOX, datagrams=1),
    "firefox-media": FIREFOX,
    "wrtc": dataclasses.replace(ONE_DATAGRAM, srtp=AES_CM_80),
    "werift": dataclasses.replace(ONE_DATAGRAM, point_formats=False, srtp=GCM_128),
    "libdatachannel": dataclasses.replace(ONE_DATAGRAM, group=GROUPS[P256], srtp=GCM_128),
    "pion": dataclasses.replace(ONE_DATAGRAM, srtp=GCM_128),
    "aiortc": dataclasses.replace(ONE_DATAGRAM, srtp=AES_CM_80),
    "openssl-dtls": ONE_DATAGRAM,
    "openssl-dtls-mtu1200-srtp": dataclasses.replace(ONE_DATAGRAM, srtp=GCM_128),
    "gnutls": dataclasses.replace(ONE_DATAGRAM, record_size_limit=True),
    "coap-openssl-psk": NO_SUITE,
    "coap-openssl-pki": ONE_DATAGRAM,
    "coap-gnutls-psk": NO_SUITE,
    "coap-gnutls-pki": dataclasses.replace(ONE_DATAGRAM, record_size_limit=True),
}


def load_datagrams(place, name):
    lines = (place.clients / name).read_text(encoding="ascii").splitlines()
    return [bytes.fromhex(line) for line in lines if line and not line.startswith("#")]


def hello_of(datagrams, message_seq):
    bodies = [body for kind, seq, body in dtls.messages_of(datagrams) if (kind, seq) == (dtls.CLIENT_HELLO, message_seq)]
    expect(bodies, f"no whole hello number {message_seq} in the capture")
    return bodies[0]


def random_of(body):
    return body[RANDOM_OFFSET:RANDOM_OFFSET + dtls.RANDOM_LEN]


def rewritten(datagrams, change):
    """The same records and fragments, but with other bytes in the messages: `change` gets each message whole."""
    changed = {}
    for kind, seq, body in dtls.messages_of(datagrams):
        changed[kind, seq] = change(body)
        expect_equal("length of a changed message", len(changed[kind, seq]), len(body))
    result = []
    for datagram in datagrams:
        records = []
        for record in dtls.records_of(datagram):
            fragments = []
            for fragment in dtls.fragments_of(record):
                body = changed[fragment.type, fragment.message_seq][fragment.offset:fragment.offset + len(fragment.body)]
                fragments.append(dataclasses.replace(fragment, body=body).to_bytes())
            records.append(dataclasses.replace(record, body=b"".join(fragments)).to_bytes())
        result.append(b"".join(records))
    return result


def renumbered(datagrams, by):
    """Sent again, as RFC 6347 wants it: in new records."""
    def later(record):
        return dataclasses.replace(record, sequence=record.sequence + by)
    return [b"".join(later(record).to_bytes() for record in dtls.records_of(datagram)) for datagram in datagrams]


def begins_hello(datagram):
    return any(fragment.offset == 0 for record in dtls.records_of(datagram) for fragment in dtls.fragments_of(record))


def covered_len(body):
    """Of what a cookie covers: up to the extensions."""
    cursor = dtls.Cursor(body)
    cursor.take(RANDOM_OFFSET + dtls.RANDOM_LEN)
    for length_bytes in (1, 1, 2, 1):  # session id, cookie, suites, compression
        cursor.vector(length_bytes)
    return len(body) - len(cursor.left)


def cut(body, offset):
    records = []
    for sequence, (start, end) in enumerate(((0, offset), (offset, len(body))), 1):
        fragment = dtls.Fragment(dtls.CLIENT_HELLO, len(body), 1, start, body[start:end])
        records.append(dtls.Record(dtls.HANDSHAKE, dtls.DTLS_1_2, 0, sequence, fragment.to_bytes()).to_bytes())
    return records


class Stranger:
    """A socket that sends datagrams to the server and hears what comes back."""

    def __init__(self, serve):
        self.serve = serve

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(self.serve.address)
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def send(self, datagrams):
        for datagram in datagrams:
            self.socket.send(datagram)

    def receive(self, seconds=PATIENCE_SECONDS):
        """One datagram; None when there is none in time."""
        ready, _, _ = select.select([self.socket], [], [], seconds)
        return self.socket.recv(DATAGRAM_MAX) if ready else None

    def exchange(self, datagrams, awaited=0):
        """Send, and hear all that comes back: what a stranger on another port asks afterwards is answered afterwards, if the
        machine is not so busy that one overtakes the other. So for as many answers as are awaited it is patient."""
        self.send(datagrams)
        with Stranger(self.serve) as other:
            other.send([PROBE])
            expect(other.receive() is not None, "the server is silent")
        answers = []
        answer = self.receive(PATIENCE_SECONDS if awaited > 0 else 0)
        while answer is not None:
            answers.append(answer)
            answer = self.receive(PATIENCE_SECONDS if len(answers) < awaited else 0)
        return answers

    def receive_until(self, wanted):
        """All datagrams up to the one that makes `wanted(answers)` true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        answers = []
        while not wanted(answers):
            answer = self.receive(max(0, deadline - time.monotonic()))
            expect(answer is not None, f"no more than: {[dtls.describe(answer) for answer in answers]}")
            answers.append(answer)
        return answers


def probe():
    """A hello that any server answers that wants cookies."""
    suites = SUITES[AES_128].code.to_bytes(2, "big")
    body = dtls.DTLS_1_2.to_bytes(2, "big") + bytes(dtls.RANDOM_LEN) + b"\0" + b"\0" + b"\0\2" + suites + b"\1\0"
    fragment = dtls.Fragment(dtls.CLIENT_HELLO, len(body), 0, 0, body)
    return dtls.Record(dtls.HANDSHAKE, dtls.DTLS_1_0, 0, 0, fragment.to_bytes()).to_bytes()


PROBE = probe()


def expect_verify_request(hello, answer):
    """The answer to one first fragment. Returns its cookie."""
    asked = dtls.records_of(hello)[0]
    records = dtls.records_of(answer)
    expect_equal("records", len(records), 1)
    record = records[0]
    expect_equal("record version", record.version, dtls.DTLS_1_0)
    expect_equal("record sequence", record.sequence, asked.sequence)
    expect(len(answer) <= len(hello), f"{len(answer)} bytes out for {len(hello)} in")
    fragments = dtls.fragments_of(record)
    expect_equal("messages", [(fragment.type, fragment.offset, fragment.length) for fragment in fragments],
                 [(dtls.HELLO_VERIFY_REQUEST, 0, len(fragments[0].body))])
    expect_equal("message_seq", fragments[0].message_seq, dtls.fragments_of(asked)[0].message_seq)
    version, cookie = dtls.read_cookie(fragments[0].body)
    expect_equal("version of HelloVerifyRequest", version, dtls.DTLS_1_0)
    expect_equal("length of cookie", len(cookie), COOKIE_LEN)
    return cookie


def ask_for_cookie(stranger, datagrams):
    """Each first fragment is answered, no other datagram is. The last cookie: with time they change."""
    firsts = [datagram for datagram in datagrams if begins_hello(datagram)]
    answers = stranger.exchange(datagrams, len(firsts))
    expect_equal("answers", len(answers), len(firsts))
    return [expect_verify_request(hello, answer) for hello, answer in zip(firsts, answers)][-1]


class Capture:
    def __init__(self, place, name):
        self.first = load_datagrams(place, f"{name}.hex")
        self.second = load_datagrams(place, f"{name}.after-hvr.hex")
        self.random = random_of(hello_of(self.first, 0))
        expect_equal("cookies in the capture", hello_of(self.second, 1).count(CAPTURED_COOKIE), 1)

    def with_cookie(self, cookie):
        """The second hello, captured in another run: with the random of the first, and the cookie that we got. Some clients
        repeat their first hello in front of it."""
        def change(body):
            mine = body[:RANDOM_OFFSET] + self.random + body[RANDOM_OFFSET + dtls.RANDOM_LEN:]
            return mine.replace(CAPTURED_COOKIE, cookie)
        datagrams = rewritten(self.second, change)
        return [datagram for datagram in datagrams if dtls.fragments_of(dtls.records_of(datagram)[0])[0].message_seq == 1]

    def halves(self, cookie):
        """The same hello in two datagrams: as early and as late as it can be cut, and as the client did it, if it did."""
        captured = self.with_cookie(cookie)
        body = hello_of(captured, 1)
        yield cut(body, covered_len(body))
        yield cut(body, len(body) - 1)
        if len(captured) == 2:
            yield captured


def expect_server_hello(answers, expected):
    messages = dtls.messages_of(answers)
    expect_equal("messages", [(kind, seq) for kind, seq, _ in messages[:4]],
                 [(dtls.SERVER_HELLO, 1), (dtls.CERTIFICATE, 2), (dtls.SERVER_KEY_EXCHANGE, 3), (dtls.SERVER_HELLO_DONE, 4)])
    hello = dtls.read_server_hello(messages[0][2])
    expect_equal("version", hello.version, dtls.DTLS_1_2)
    expect_equal("suite", hello.suite, expected.suite)
    expect_equal("compression", hello.compression, 0)
    wanted = {dtls.EXTENDED_MASTER_SECRET}
    wanted |= {dtls.RENEGOTIATION_INFO} if expected.renegotiation_info else set()
    wanted |= {dtls.EC_POINT_FORMATS} if expected.point_formats else set()
    wanted |= {dtls.RECORD_SIZE_LIMIT} if expected.record_size_limit else set()
    wanted |= {dtls.USE_SRTP} if expected.srtp else set()
    wanted |= {dtls.ALPN} if expected.alpn else set()
    expect_equal("extensions", set(hello.extensions), wanted)
    expect_equal("SRTP profile", dtls.srtp_profile_of(hello), expected.srtp)
    expect_equal("protocol", dtls.protocol_of(hello), expected.alpn)
    expect_equal("group", dtls.read_group(messages[2][2]), expected.group)
    key_exchange = dtls.Cursor(messages[2][2][3:])
    key_exchange.vector(1)
    expect_equal("signature scheme", key_exchange.number(2), SIGNATURE_SCHEME)
    versions = {record.version for answer in answers for record in dtls.records_of(answer)}
    expect_equal("record versions", versions, {dtls.DTLS_1_2})


def flight_is_whole(answers):
    return any(kind == dtls.SERVER_HELLO_DONE for kind, _, _ in dtls.messages_of(answers)) or dtls.alerts_of(answers)


def expect_answer(stranger, expected):
    answers = stranger.receive_until(flight_is_whole)
    if expected.suite is None:
        expect_equal("alerts", dtls.alerts_of(answers), [(dtls.FATAL, dtls.HANDSHAKE_FAILURE)])
        expect_equal("datagrams", len(answers), 1)
    else:
        expect_equal("alerts", dtls.alerts_of(answers), [])
        expect_server_hello(answers, expected)


def as_captured(place, name):
    """The whole of it, datagram by datagram as the client sent them."""
    capture = Capture(place, name)
    expect_equal("datagrams of the first hello", len(capture.first), CLIENTS[name].datagrams)
    with Serve(place, *OFFERS) as serve, Stranger(serve) as stranger:
        cookie = ask_for_cookie(stranger, capture.first)
        stranger.send(capture.with_cookie(cookie))
        expect_answer(stranger, CLIENTS[name])


def cookies_are_bound(place, name):
    """From another port, with another random or another cookie: a fresh HelloVerifyRequest, and no state."""
    capture = Capture(place, name)
    with Serve(place, *OFFERS) as serve:
        with Stranger(serve) as stranger, Stranger(serve) as other:
            cookie = ask_for_cookie(stranger, capture.first)
            good = capture.with_cookie(cookie)
            expect(ask_for_cookie(other, good) != cookie, "another port has the same cookie")
            other_random = rewritten(good, lambda body: body.replace(capture.random, capture.random[::-1]))
            expect(ask_for_cookie(stranger, other_random) != cookie, "another random has the same cookie")
            ask_for_cookie(stranger, capture.with_cookie(CAPTURED_COOKIE))
            stranger.send(good)
            expect_answer(stranger, CLIENTS[name])
        expect_equal("handshakes_started", serve.stop()["handshakes_started"], 1)


def in_two(place, name, order):
    """`order(halves)` gives batches of datagrams; only the last batch may be answered, and must be."""
    capture = Capture(place, name)
    ways = len(list(capture.halves(CAPTURED_COOKIE)))
    with Serve(place, *OFFERS) as serve:
        for way in range(ways):
            with Stranger(serve) as stranger:
                cookie = ask_for_cookie(stranger, capture.first)
                *before, last = order(list(capture.halves(cookie))[way])
                for batch in before:
                    expect_equal("answers to half a hello", stranger.exchange(batch), [])
                stranger.send(last)
                expect_answer(stranger, CLIENTS[name])


ORDERS = {
    "in-order": lambda halves: [halves],
    "first-half-twice": lambda halves: [halves[:1], halves],
    "second-half-twice": lambda halves: [[halves[0], halves[1], halves[1]]],
    "second-half-first": lambda halves: [halves[::-1], renumbered(halves, LATER)],
    "second-half-first-then-once-more": lambda halves: [halves[::-1], renumbered(halves[1:], LATER)],
    "second-half-lost": lambda halves: [halves[:1], renumbered(halves, LATER)],
    "first-half-lost": lambda halves: [halves[1:], renumbered(halves, LATER)],
    "again-from-behind": lambda halves: [halves[:1], renumbered(halves[::-1], LATER)],
}


def cells(place):
    for name in CLIENTS:
        yield f"hello/{name}", lambda name=name: as_captured(place, name)
        yield f"hello/{name}/cookie-is-bound", lambda name=name: cookies_are_bound(place, name)
        for order, batches in ORDERS.items():
            yield f"hello/{name}/{order}", lambda name=name, batches=batches: in_two(place, name, batches)
