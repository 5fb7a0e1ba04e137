"""`openssl s_client` against `ringdtls serve`, and `ringdtls-load` against `openssl s_server`."""

import dtls
import relay as relays
from cells import (Peer, client_is_refused, client_is_served, harm_cells, load_options, matrix_cells, say_till_answered,
                   say_till_echoed, server_is_refused, server_is_used, with_trace)
from matrix import (ED25519, GROUPS, P256, P384, RSA_2048, RSA_3072, RSA_4096, RSA_AES_128, RSA_AES_256, SMALL_MTU, SUITES,
                    X25519, Shape)
from parties import ForeignServer, Load, Party, Serve, expect_equal

SHARED_KEYS = {X25519: r"Server Temp Key: X25519", P256: r"Server Temp Key: ECDH, prime256v1",
               P384: r"Server Temp Key: ECDH, secp384r1"}
REFUSED = "alert handshake failure"


def credential_options(certificate):
    options = ["-cert", certificate.path, "-key", certificate.key]
    return options if certificate.rest is None else [*options, "-cert_chain", certificate.rest]


class Openssl(Peer):
    def client(self, place, address, shape, extra=(), version="-dtls1_2", environment=None):
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        options = ["-cipher", shape.suite, "-groups", ":".join(shape.groups_offered()), *extra]
        if shape.mtu:
            options += ["-mtu", shape.mtu]
        if shape.given:
            options += credential_options(shape.given)
        if "-CAfile" not in options:
            options += ["-CAfile", place.credentials.servers[shape.kind].path]
        return Party(["openssl", "s_client", version, "-connect", f"{host}:{address[1]}", "-verify_return_error", *options],
                     environment)

    def finish(self, client):
        client.say("Q\n")
        expect_equal("exit status of s_client", client.wait_exit(), 0)

    def argued(self, shape, is_server):
        if is_server and shape.kind == ED25519:
            return "presents such a certificate over streams alone; OpenSSL 3.0"
        return None

    def expect_content(self, client, shape):
        signature = "ed25519" if shape.kind == ED25519 else SUITES[shape.suite].signature
        for pattern in (rf"Cipher is {shape.suite}", SHARED_KEYS[shape.group], r"Verify return code: 0 \(ok\)",
                        r"Extended master secret: yes", r"Secure Renegotiation IS supported",
                        rf"Peer signature type: {signature}"):
            client.wait_for(pattern)

    def expect_closed(self, server):
        expect_equal("exit status of s_server", server.wait_exit(), 0)

    def server(self, place, shape, extra=()):
        asks = {"none": [], "request": ["-verify", "1"], "require": ["-Verify", "1"]}[shape.asked]
        mtu = ["-mtu", shape.mtu] if shape.mtu else []
        own = [] if "-cert" in extra else credential_options(place.credentials.servers[shape.kind])
        options = ["-cipher", shape.suite, "-groups", ":".join(shape.groups_offered()), *own, *asks, *mtu, *extra]
        return ForeignServer(lambda port: ["openssl", "s_server", "-dtls1_2", "-accept", f"127.0.0.1:{port}", "-quiet", "-naccept",
                                           "1", "-serverpref", *options], echoes=True)


PEER = Openssl()
IN_PARALLEL = True


def renegotiation_is_refused(place):
    """R makes s_client ask for another handshake. It gets no_renegotiation, which ends s_client, and no new association."""
    with Serve(place) as serve, relays.Relay(serve.address) as relay:
        with PEER.client(place, relay.address, Shape(), ["-legacy_renegotiation"]) as client:
            def converse():
                say_till_echoed(client, "before")
                client.say("R\n")
                client.wait_for("no renegotiation")
                client.wait_exit()
                expect_equal("alert under keys there", relay.protected(relays.TO_CLIENT, dtls.ALERT) > 0, True)
            with_trace(relay, converse)
        stats = serve.stop()
        expect_equal("handshakes_started", stats["handshakes_started"], 1)
        expect_equal("handshakes_completed", stats["handshakes_completed"], 1)


def hello_request_is_refused(place):
    """r makes s_server ask for another handshake. `ringdtls-load` answers with an alert and begins none."""
    own = place.credentials.server
    options = ["-cert", own.path, "-key", own.key, "-legacy_renegotiation"]
    with ForeignServer(lambda port: ["openssl", "s_server", "-dtls1_2", "-accept", f"127.0.0.1:{port}", *options]) as server, \
         relays.Relay(server.address) as relay, Load(place, relay.address, *load_options(Shape(), data=False), "--hold"):
        def converse():
            server.wait_for("CIPHER is")
            # One that comes before our client's handshake is complete may be ignored.
            say_till_answered(server, "r", "no renegotiation")
            hellos = [seq for kind, seq, _ in dtls.messages_of(relay.datagrams(relays.TO_SERVER)) if kind == dtls.CLIENT_HELLO]
            expect_equal("hellos in the clear", hellos, [0, 1])
            expect_equal("handshake records under keys", relay.protected(relays.TO_SERVER, dtls.HANDSHAKE), 1)
        with_trace(relay, converse)


def server_says_close_notify(place):
    """A server that is told to stop says so: s_client calls that closed, without an error."""
    with Serve(place) as serve, relays.Relay(serve.address) as relay:
        with PEER.client(place, relay.address, Shape()) as client:
            say_till_echoed(client, "before")
            stats = serve.stop()
            expect_equal("connections_peak", stats["connections_peak"], 1)

            def judge():
                relay.wait_for_protected_alert(relays.TO_CLIENT)
                client.wait_for("closed")
                expect_equal("exit status of s_client", client.wait_exit(), 0)
            with_trace(relay, judge)


def refusals(place):
    """(name, extra options of s_client, alert, keyword arguments)"""
    failure = dtls.HANDSHAKE_FAILURE
    yield "rsa-key-exchange-only", ["-cipher", "AES128-GCM-SHA256:AES256-GCM-SHA384"], failure, {}
    yield "rsa-certificates-only", ["-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], failure, {}
    yield "other-ciphers-only", ["-cipher", "ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-SHA256"], failure, {}
    yield "other-groups-only", ["-groups", "P-521:X448"], failure, {}
    yield "curve-of-certificate-not-offered", ["-groups", "X25519"], failure, {}
    yield "other-signatures-only", ["-sigalgs", "ECDSA+SHA512:RSA+SHA256"], failure, {}
    no_secret = {"OPENSSL_CONF": str(place.credentials.without_extended_master_secret)}
    yield "no-extended-master-secret", [], failure, {"environment": no_secret}
    yield "dtls-1.0-only", ["-cipher", "ECDHE-ECDSA-AES128-SHA@SECLEVEL=0"], dtls.PROTOCOL_VERSION, {"version": "-dtls1"}


def client_cells(place):
    own = place.credentials
    yield from matrix_cells(place, PEER, "s_client", False, lambda shape: client_is_served(place, PEER, shape))
    asked = Shape(asked="require", given=own.client)
    yield "s_client/io-mmsg", lambda: client_is_served(place, PEER, asked, io="mmsg")
    yield "s_client/ipv6", lambda: client_is_served(place, PEER, Shape(), listen="[::1]:0")
    yield "s_client/sha384-signatures", lambda: client_is_served(place, PEER, asked, ["-sigalgs", "ECDSA+SHA384"])
    yield "s_client/no-secure-renegotiation-ticket-or-etm", lambda: client_is_served(
        place, PEER, Shape(), ["-no_ticket", "-no_etm"])
    chained = Shape(asked="require", given=own.chain, mtu=SMALL_MTU)
    yield "s_client/chains", lambda: client_is_served(place, PEER, chained, ["-CAfile", own.root.path], certificate=own.chain)
    small = Shape(asked="request", given=own.client, mtu=SMALL_MTU)
    yield from harm_cells("s_client", lambda harm: client_is_served(place, PEER, small, harm=harm))
    yield "s_client/renegotiation-refused", lambda: renegotiation_is_refused(place)
    yield "s_client/server-closes", lambda: server_says_close_notify(place)
    for name, extra, alert, other in refusals(place):
        yield f"s_client/refused/{name}", lambda extra=extra, alert=alert, other=other: client_is_refused(
            place, PEER, Shape(), alert, extra, **other)
    for suite in SUITES:
        for group in GROUPS:
            without = Shape(suite, group, asked="require")
            yield f"s_client/refused/{suite}/{group}/require-without", lambda shape=without: client_is_refused(
                place, PEER, shape, dtls.HANDSHAKE_FAILURE, says=REFUSED)
    p521 = Shape(asked="request", given=own.clients["P-521"])
    yield "s_client/refused/request-with-p521", lambda: client_is_refused(
        place, PEER, p521, dtls.UNSUPPORTED_CERTIFICATE, says="alert unsupported certificate")
    # It is not asked for one of that kind, and so has none.
    ed25519 = Shape(asked="require", given=own.clients[ED25519])
    yield "s_client/refused/require-with-ed25519", lambda: client_is_refused(
        place, PEER, ed25519, dtls.HANDSHAKE_FAILURE, says=REFUSED)


def algorithm_shapes(place):
    """(name, shape, options of s_client and s_server): each way to sign with RSA, and the sizes that the table does not have."""
    clients = place.credentials.clients
    for signatures in ("RSA-PSS+SHA256", "RSA-PSS+SHA384", "RSA+SHA256", "RSA+SHA384"):
        for mtu in (None, SMALL_MTU):
            shape = Shape(RSA_AES_256, X25519, "require", clients[RSA_2048], mtu, RSA_2048)
            yield f"signatures/{signatures}/mtu-{mtu}", shape, ["-sigalgs", signatures]
    yield "sizes/RSA-3072", Shape(RSA_AES_128, P256, "require", clients[RSA_3072], kind=RSA_3072), []
    # Without an MTU s_client puts its whole flight into one datagram, which is longer than those that are received: 2 KiB.
    yield "sizes/RSA-4096", Shape(RSA_AES_256, P384, "require", clients[RSA_4096], SMALL_MTU, RSA_4096), []


def algorithm_cells(place):
    for name, shape, extra in algorithm_shapes(place):
        yield f"s_client/{name}", lambda shape=shape, extra=extra: client_is_served(place, PEER, shape, extra)
        yield f"s_server/{name}", lambda shape=shape, extra=extra: server_is_used(place, PEER, shape, extra)


def server_cells(place):
    own = place.credentials
    yield from matrix_cells(place, PEER, "s_server", True, lambda shape: server_is_used(place, PEER, shape))
    for mtu in (None, SMALL_MTU):
        asked = Shape(asked="require", given=own.client, mtu=mtu)
        yield f"s_server/listen/mtu-{mtu}", lambda shape=asked: server_is_used(place, PEER, shape, ["-listen"], cookies=True)
    right = ["--verify", "fingerprint", "--fingerprint", own.fingerprint(own.server)]
    yield "s_server/renegotiation-refused", lambda: hello_request_is_refused(place)
    yield "s_server/fingerprint", lambda: server_is_used(place, PEER, Shape(), options=right)
    yield "s_server/sha384-signatures", lambda: server_is_used(
        place, PEER, Shape(asked="require", given=own.client), ["-sigalgs", "ECDSA+SHA384", "-client_sigalgs", "ECDSA+SHA384"])
    chain = ["-cert", own.chain.path, "-key", own.chain.key, "-cert_chain", own.chain.rest]
    yield "s_server/chain", lambda: server_is_used(place, PEER, Shape(mtu=SMALL_MTU), chain)
    small = Shape(asked="request", given=own.client, mtu=SMALL_MTU)
    yield from harm_cells("s_server", lambda harm: server_is_used(place, PEER, small, data=False, harm=harm))
    failure = "received_alert_handshake_failure"
    yield "s_server/refused/require-without", lambda: server_is_refused(place, PEER, Shape(asked="require"), failure)
    yield "s_server/refused/other-ciphers-only", lambda: server_is_refused(
        place, PEER, Shape(), failure, ["-cipher", "ECDHE-ECDSA-AES128-SHA256"])
    yield "s_server/refused/other-groups-only", lambda: server_is_refused(place, PEER, Shape(), failure, ["-groups", "P-521"])
    rsa = ["-cert", own.client_rsa.path, "-key", own.client_rsa.key]
    yield "s_server/refused/rsa-certificate", lambda: server_is_refused(place, PEER, Shape(), failure, rsa)
    wrong = ["--verify", "fingerprint", "--fingerprint", own.fingerprint(own.client)]
    yield "s_server/refused/fingerprint", lambda: server_is_refused(
        place, PEER, Shape(), "alert_bad_certificate", options=wrong, server_says="alert bad certificate")


def cells(place):
    yield from client_cells(place)
    yield from server_cells(place)
    yield from algorithm_cells(place)
