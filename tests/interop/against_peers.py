"""Other people's libraries in programs of ours (tests/interop/peers), which all have the same options and words: as clients of
`ringdtls serve` and as servers for `ringdtls-load`."""

import dataclasses
import functools

import dtls
import relay as relays
from agreed import expect_logged
from cells import (Peer, argue, client_is_refused, client_is_served, harm_cells, load_options, matrix_cells, say_till_echoed,
                   server_is_used, with_trace)
from matrix import CERTIFICATES, ECDSA, ED25519, SMALL_MTU, SUITES, Shape, first_shape
from parties import ForeignServer, Load, Party, Serve, expect_equal

IN_PARALLEL = True


class Program(Peer):
    def __init__(self, name):
        self.name = name

    def command(self, place, port, shape, *options):
        mtu = ["--mtu", shape.mtu // self.mtu_share] if shape.mtu and self.cuts_datagrams else []
        return [place.build / "tests" / "interop" / self.name, "--port", port, "--suite", shape.suite, "--groups",
                ",".join(shape.groups_offered()), *mtu, *options]

    mtu_share = 1  # of what a datagram may have

    def client(self, place, address, shape, extra=()):
        own = ["--cert", shape.given.path, "--key", shape.given.key] if shape.given else []
        trusted = [] if "--trust" in extra else ["--trust", place.credentials.servers[shape.kind].path]
        return Party(self.command(place, address[1], shape, *own, *trusted, *extra))

    def expect_content(self, client, shape):
        for pattern in (r"version DTLS ?v?1\.2\n", rf"suite {shape.suite}\n", "connected\n"):
            client.wait_for(pattern)

    def finish(self, client):
        client.hang_up()
        expect_equal("exit status", client.wait_exit(), 0)
        client.wait_for("closed\n")

    def server(self, place, shape, extra=()):
        certificate = place.credentials.servers[shape.kind]
        own = [] if "--cert" in extra else ["--cert", certificate.path, "--key", certificate.key]
        return ForeignServer(lambda port: self.command(place, port, shape, "--server", "--client-cert", shape.asked, *own, *extra))

    def expect_closed(self, server):
        server.wait_for("closed\n")
        expect_equal("exit status", server.wait_exit(), 0)


class Wolfssl(Program):
    cuts_datagrams = False  # Debian builds it without WOLFSSL_DTLS_MTU
    chooses_group = False  # the functions for that want version 1.3

    def argued(self, shape, is_server):
        if is_server and shape.given and CERTIFICATES[shape.given.kind] != CERTIFICATES.get(shape.kind, ECDSA):
            return "asks clients for certificates of its own kind alone; wolfSSL 5.5.4"
        return None


class Mbedtls(Program):
    def argued(self, shape, is_server):
        return "has no Ed25519; Mbed TLS 2.28" if shape.kind == ED25519 else None


class Pion(Program):
    mtu_share = 2  # it takes it for the longest part of a message, without headers
    says_close = False  # nearly always: its reading and its closing half race for the socket (2.2.6)
    sends_own_groups = False  # its first hello has them, its second one always has all
    chooses_group = False

    def argued(self, shape, is_server):
        return "has no ChaCha20-Poly1305; pion/dtls 2.2.6" if "CHACHA20" in shape.suite else None


PROGRAMS = (Wolfssl("wolfssl_peer"), Mbedtls("mbedtls_peer"), Pion("pion_peer"))
WOLFSSL_ORDER = "refuses a client's ChangeCipherSpec that overtakes the message before it (unexpected_message); wolfSSL 5.5.4"
WOLFSSL_LAST = "never repeats its Finished, since it drops the client's repeated flight, which begins in the clear; wolfSSL 5.5.4"


def harmed_servers(place, peer, name, small):
    """Any datagram may be lost or late, as far as the library bears it."""
    flight, spared = small, 0
    if isinstance(peer, Wolfssl):
        yield f"{name}/small-datagrams-lost-or-late", functools.partial(argue, WOLFSSL_ORDER)
        yield f"{name}/last-datagram-lost-or-late", functools.partial(argue, WOLFSSL_LAST)
        flight, spared = dataclasses.replace(small, mtu=None), 1
    yield from harm_cells(name, lambda harm: server_is_used(place, peer, flight, harm=harm), spared)


def client_exports(place, peer, suite):
    """The key log's secret gives what the library exports (RFC 5705), so both have the same secret and both randoms."""
    key_log, shape = place.scratch("keys"), first_shape(suite)
    with Serve(place, "--keylog", key_log, certificate=place.credentials.servers[shape.kind]) as serve, \
         relays.Relay(serve.address) as relay, peer.client(place, relay.address, shape) as client:
        def converse():
            say_till_echoed(client, "word")
            expect_logged(relay, [key_log], suite, client.wait_for(r"exported (\w+)").group(1))
        with_trace(relay, converse)


def server_exports(place, peer, suite):
    key_log, shape = place.scratch("keys"), first_shape(suite)
    with peer.server(place, shape) as server, relays.Relay(server.address) as relay, \
         Load(place, relay.address, *load_options(shape), "--keylog", key_log) as load:
        def judge():
            expect_equal("exit status", load.figures()[0], 0)
            expect_logged(relay, [key_log], suite, server.wait_for(r"exported (\w+)").group(1))
        with_trace(relay, judge)


def exporter_cells(place, peer):
    for suite in SUITES:
        for role, converse in (("client", client_exports), ("server", server_exports)):
            reason = peer.argued(first_shape(suite), role == "server")
            yield f"{peer.name}-{role}/exporter/{suite}", functools.partial(
                *((argue, reason) if reason else (converse, place, peer, suite)))


def cells(place):
    own = place.credentials
    for peer in PROGRAMS:
        client, server = f"{peer.name}-client", f"{peer.name}-server"
        yield from matrix_cells(place, peer, client, False, lambda shape, peer=peer: client_is_served(place, peer, shape))
        yield from matrix_cells(place, peer, server, True, lambda shape, peer=peer: server_is_used(place, peer, shape, cookies=True))
        small = Shape(asked="request", given=own.client, mtu=SMALL_MTU)
        yield from harm_cells(client, lambda harm, peer=peer: client_is_served(place, peer, small, harm=harm))
        yield from harmed_servers(place, peer, server, small)
        yield from exporter_cells(place, peer)
        chained = Shape(asked="require", given=own.chain, mtu=SMALL_MTU)
        yield f"{client}/chains", lambda peer=peer: client_is_served(
            place, peer, chained, ["--trust", own.root.path], certificate=own.chain)
        yield f"{server}/chain", lambda peer=peer: server_is_used(
            place, peer, Shape(mtu=SMALL_MTU), ["--cert", own.chain.path, "--key", own.chain.key])
        yield f"{client}/refused/require-without", lambda peer=peer: client_is_refused(
            place, peer, Shape(asked="require"), dtls.HANDSHAKE_FAILURE)
