"""Wireshark (tshark) with the key log that our programs write: it shows in the clear what was said, in every suite."""

import functools
import struct
import subprocess

import against_openssl
import relay as relays
from cells import DATA_LEN, DATA_RECORDS, argue, load_options, say_till_echoed, with_trace
from matrix import SUITES, first_shape
from parties import PATIENCE_SECONDS, Load, Serve, expect, expect_equal

IN_PARALLEL = True
OPENSSL = against_openssl.PEER
CLIENT_PORT, SERVER_PORT = 40000, 4433
LINK_TYPE_IPV4 = 228
FINISHED = "20"
UNREADABLE = "tshark 4.0.17 decrypts no ChaCha20-Poly1305 in DTLS, and none of OpenSSL with itself"


def capture_of(relay):
    """What went through the relay, as a capture file has it."""
    capture = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINK_TYPE_IPV4)
    for number, (direction, datagram) in enumerate(relay.log):
        ports = (CLIENT_PORT, SERVER_PORT) if direction == relays.TO_SERVER else (SERVER_PORT, CLIENT_PORT)
        udp = struct.pack("!HHHH", *ports, 8 + len(datagram), 0) + datagram
        packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, bytes([127, 0, 0, 1]),
                             bytes([127, 0, 0, 1])) + udp
        capture += struct.pack("=IIII", 0, number, len(packet), len(packet)) + packet
    return capture


def shown_by_tshark(place, relay, key_log):
    """(types of handshake messages, pieces of application data) that it can read."""
    capture = place.scratch("capture.pcap")
    capture.write_bytes(capture_of(relay))
    command = ["tshark", "-r", capture, "-d", f"udp.port=={SERVER_PORT},dtls", "-o", f"tls.keylog_file:{key_log}", "-T", "fields",
               "-e", "dtls.handshake.type", "-e", "data.data"]
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                         timeout=PATIENCE_SECONDS)
    expect_equal("exit status of tshark", run.returncode, 0)
    columns = [line.split("\t") for line in run.stdout.splitlines()]
    messages = [kind for line in columns for kind in line[0].split(",") if kind]
    return messages, [bytes.fromhex(piece) for line in columns for piece in line[1].split(",") if piece]


def expect_shown(place, relay, key_log, count):
    """Both Finished messages, and the data each way."""
    messages, pieces = shown_by_tshark(place, relay, key_log)
    expect_equal("Finished messages", messages.count(FINISHED), 2)
    expect(len(pieces) >= count, f"{len(pieces)} pieces of data, where {count} were sent")
    return pieces


def server_is_decrypted(place, suite):
    key_log, shape = place.scratch("keys"), first_shape(suite)
    with Serve(place, "--keylog", key_log, certificate=place.credentials.servers[shape.kind]) as serve, \
         relays.Relay(serve.address) as relay, OPENSSL.client(place, relay.address, shape) as client:
        def converse():
            say_till_echoed(client, "said in the clear")
            OPENSSL.finish(client)
            expect_equal("what was said", set(expect_shown(place, relay, key_log, 2)), {b"said in the clear\n"})
        with_trace(relay, converse)


def load_is_decrypted(place, suite):
    key_log, shape = place.scratch("keys"), first_shape(suite)
    with OPENSSL.server(place, shape) as server, relays.Relay(server.address) as relay, \
         Load(place, relay.address, *load_options(shape, data=True), "--keylog", key_log) as load:
        def judge():
            status, _ = load.figures()
            expect_equal("exit status", status, 0)
            pieces = expect_shown(place, relay, key_log, 2 * DATA_RECORDS)
            expect_equal("lengths", {len(piece) for piece in pieces}, {DATA_LEN})
        with_trace(relay, judge)


def cells(place):
    for suite in SUITES:
        if "CHACHA20" in suite:
            yield f"decrypted/{suite}", functools.partial(argue, UNREADABLE)
            continue
        yield f"decrypted/serve/{suite}", lambda suite=suite: server_is_decrypted(place, suite)
        yield f"decrypted/ringdtls-load/{suite}", lambda suite=suite: load_is_decrypted(place, suite)
