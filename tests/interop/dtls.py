"""DTLS 1.2 as it lies on the wire: enough to read records and handshake messages, and to write hellos."""

import dataclasses
import struct

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY_REQUEST, CERTIFICATE, SERVER_KEY_EXCHANGE = 1, 2, 3, 11, 12
CERTIFICATE_REQUEST, SERVER_HELLO_DONE, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, FINISHED = 13, 14, 15, 16, 20
WARNING, FATAL = 1, 2
HANDSHAKE_FAILURE, UNSUPPORTED_CERTIFICATE, PROTOCOL_VERSION = 40, 43, 70
DTLS_1_0, DTLS_1_2 = 0xFEFF, 0xFEFD
NAMED_CURVE = 3
RENEGOTIATION_INFO, EXTENDED_MASTER_SECRET, EC_POINT_FORMATS = 0xFF01, 23, 11
SERVER_NAME, USE_SRTP, ALPN, RECORD_SIZE_LIMIT = 0, 14, 16, 28
RANDOM_LEN = 32

RECORD_NAMES = {CHANGE_CIPHER_SPEC: "ccs", ALERT: "alert", APPLICATION_DATA: "data"}
MESSAGE_NAMES = {
    0: "HelloRequest",
    CLIENT_HELLO: "ClientHello",
    SERVER_HELLO: "ServerHello",
    HELLO_VERIFY_REQUEST: "HelloVerifyRequest",
    4: "NewSessionTicket",
    CERTIFICATE: "Certificate",
    SERVER_KEY_EXCHANGE: "ServerKeyExchange",
    CERTIFICATE_REQUEST: "CertificateRequest",
    SERVER_HELLO_DONE: "ServerHelloDone",
    CERTIFICATE_VERIFY: "CertificateVerify",
    CLIENT_KEY_EXCHANGE: "ClientKeyExchange",
    FINISHED: "Finished",
}


@dataclasses.dataclass(frozen=True)
class Record:
    type: int
    version: int
    epoch: int
    sequence: int
    body: bytes

    def to_bytes(self):
        numbers = self.epoch << 48 | self.sequence
        return struct.pack("!BHQH", self.type, self.version, numbers, len(self.body)) + self.body


@dataclasses.dataclass(frozen=True)
class Fragment:
    """Of a handshake message: `body` lies at `offset` of its `length` bytes."""

    type: int
    length: int
    message_seq: int
    offset: int
    body: bytes

    def to_bytes(self):
        header = bytes([self.type]) + self.length.to_bytes(3, "big") + self.message_seq.to_bytes(2, "big")
        return header + self.offset.to_bytes(3, "big") + len(self.body).to_bytes(3, "big") + self.body


class Malformed(Exception):
    """What came is no DTLS."""


class Cursor:
    """Takes bytes off the front; what is missing is Malformed."""

    def __init__(self, data):
        self.left = data

    def take(self, count):
        if count > len(self.left):
            raise Malformed(f"{count} bytes wanted, {len(self.left)} there")
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def vector(self, length_bytes):
        return self.take(self.number(length_bytes))


def records_of(datagram):
    cursor = Cursor(datagram)
    records = []
    while cursor.left:
        record_type, version = cursor.number(1), cursor.number(2)
        epoch, sequence = cursor.number(2), cursor.number(6)
        records.append(Record(record_type, version, epoch, sequence, cursor.vector(2)))
    return records


def fragments_of(record):
    """The handshake fragments that can be read: those in the clear."""
    if record.type != HANDSHAKE or record.epoch != 0:
        return []
    cursor = Cursor(record.body)
    fragments = []
    while cursor.left:
        message_type, length, message_seq = cursor.number(1), cursor.number(3), cursor.number(2)
        offset = cursor.number(3)
        fragments.append(Fragment(message_type, length, message_seq, offset, cursor.vector(3)))
    return fragments


def messages_of(datagrams):
    """The handshake messages in the clear that are whole, as (type, message_seq, body), in order of completion."""
    partial = {}
    whole = []
    for datagram in datagrams:
        for record in records_of(datagram):
            for fragment in fragments_of(record):
                key = (fragment.type, fragment.message_seq, fragment.length)
                known = partial.setdefault(key, {})
                was_whole = len(known) == fragment.length and known
                known.update(enumerate(fragment.body, fragment.offset))
                if len(known) == fragment.length and not was_whole:
                    whole.append((fragment.type, fragment.message_seq, bytes(known[i] for i in range(fragment.length))))
    return whole


def alerts_of(datagrams):
    """(level, description) of those in the clear."""
    records = [record for datagram in datagrams for record in records_of(datagram)]
    return [tuple(record.body) for record in records if record.type == ALERT and record.epoch == 0]


@dataclasses.dataclass(frozen=True)
class ServerHello:
    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: dict


def read_server_hello(body):
    cursor = Cursor(body)
    version, random, session_id = cursor.number(2), cursor.take(RANDOM_LEN), cursor.vector(1)
    suite, compression = cursor.number(2), cursor.number(1)
    extensions = {}
    block = Cursor(cursor.vector(2) if cursor.left else b"")
    while block.left:
        kind = block.number(2)
        if kind in extensions:
            raise Malformed(f"extension {kind} twice")
        extensions[kind] = block.vector(2)
    if cursor.left:
        raise Malformed("bytes behind the ServerHello")
    return ServerHello(version, random, session_id, suite, compression, extensions)


def srtp_profile_of(hello):
    """The one in a ServerHello, or None."""
    if USE_SRTP not in hello.extensions:
        return None
    body = Cursor(hello.extensions[USE_SRTP])
    profiles, mki = body.vector(2), body.vector(1)
    if len(profiles) != 2 or mki or body.left:
        raise Malformed("not one SRTP profile without an MKI")
    return int.from_bytes(profiles, "big")


def protocol_of(hello):
    """The application protocol in a ServerHello, or None."""
    if ALPN not in hello.extensions:
        return None
    body = Cursor(hello.extensions[ALPN])
    names = Cursor(body.vector(2))
    name = names.vector(1)
    if names.left or body.left:
        raise Malformed("not one protocol")
    return name.decode("ascii")


def read_group(server_key_exchange):
    cursor = Cursor(server_key_exchange)
    if cursor.number(1) != NAMED_CURVE:
        raise Malformed("a curve without a name")
    return cursor.number(2)


def read_cookie(hello_verify_request):
    """(version, cookie)"""
    cursor = Cursor(hello_verify_request)
    version, cookie = cursor.number(2), cursor.vector(1)
    if cursor.left:
        raise Malformed("bytes behind the cookie")
    return version, cookie


def describe(datagram):
    """A datagram in a few words, for people."""
    try:
        records = records_of(datagram)
    except Malformed as error:
        return f"[{len(datagram)} bytes that are no records: {error}]"
    words = []
    for record in records:
        if record.epoch != 0:
            words.append(f"{RECORD_NAMES.get(record.type, 'handshake')}*{len(record.body)}")
            continue
        if record.type == ALERT:
            words.append(f"alert{tuple(record.body)}")
        elif record.type != HANDSHAKE:
            words.append(RECORD_NAMES.get(record.type, f"type {record.type}"))
        for fragment in fragments_of(record):
            part = "" if len(fragment.body) == fragment.length else f"[{fragment.offset}+{len(fragment.body)}/{fragment.length}]"
            words.append(f"{MESSAGE_NAMES.get(fragment.type, fragment.type)}({fragment.message_seq}){part}")
    return " ".join(words)
