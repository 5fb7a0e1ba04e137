"""`gnutls-cli` against `ringdtls serve`, and `ringdtls-load` against `gnutls-serv`."""

import dtls
import relay as relays
from cells import (Peer, client_is_refused, client_is_served, harm_cells, matrix_cells, server_is_refused, server_is_used,
                   with_trace)
from matrix import ED25519, GROUPS, P256, P384, SMALL_MTU, SUITES, X25519, Shape
from parties import ForeignServer, Party, Serve, expect_equal

IN_PARALLEL = True
BASE = "NONE:+VERS-DTLS1.2:+COMP-NULL:+MAC-ALL:+SIGN-ALL:+CTYPE-X509"
GROUP_OFFERS = {X25519: "+GROUP-X25519", P256: "+GROUP-SECP256R1", P384: "+GROUP-SECP384R1"}
GROUP_NAMES = {X25519: "ECDHE-X25519", P256: "ECDHE-SECP256R1", P384: "ECDHE-SECP384R1"}


def priority(shape, *more):
    suite = SUITES[shape.suite]
    groups = [GROUP_OFFERS[group] for group in shape.groups_offered()]
    return ":".join([BASE, f"+ECDHE-{suite.signature}", f"+{suite.cipher}", *groups, *more])


def credential_options(certificate):
    return ["--x509certfile", certificate.path, "--x509keyfile", certificate.key]


class Gnutls(Peer):
    def client(self, place, address, shape, extra=()):
        options = list(extra)
        if "--priority" not in options:
            options += ["--priority", priority(shape)]
        if "--x509cafile" not in options:
            options += ["--x509cafile", place.credentials.servers[shape.kind].path]
        if shape.mtu:
            options += ["--mtu", shape.mtu]
        if shape.given:
            options += credential_options(shape.given)
        return Party(["gnutls-cli", "--udp", "--port", address[1], "--verify-hostname", "localhost", *options, address[0]])

    def expect_content(self, client, shape):
        suite = SUITES[shape.suite]
        signature = r"EdDSA-Ed25519" if shape.kind == ED25519 else rf"{suite.signature}-[-A-Z]*SHA\d+"
        names = rf"\(DTLS1\.2-X\.509\)-\({GROUP_NAMES[shape.group]}\)-\({signature}\)-\({suite.cipher}\)"
        for pattern in (names, "The certificate is trusted", "extended master secret", "Handshake was completed"):
            client.wait_for(pattern)

    def finish(self, client):
        client.hang_up()
        expect_equal("exit status of gnutls-cli", client.wait_exit(), 0)
        client.wait_for("Peer has closed the GnuTLS connection")

    def server(self, place, shape, extra=()):
        asks = {"none": ["--disable-client-cert"], "request": [], "require": ["--require-client-cert"]}[shape.asked]
        mtu = ["--mtu", shape.mtu] if shape.mtu else []
        own = [] if "--x509certfile" in extra else credential_options(place.credentials.servers[shape.kind])
        wanted = [] if "--priority" in extra else ["--priority", priority(shape, "%SERVER_PRECEDENCE")]
        return ForeignServer(lambda port: ["gnutls-serv", "--udp", "--echo", "--port", port, *wanted, *own, *asks, *mtu, *extra])


PEER = Gnutls()


def renegotiation_is_refused(place):
    """gnutls-cli asks for another handshake, and takes no_renegotiation as a reason to ask again; no association comes of it."""
    with Serve(place) as serve, relays.Relay(serve.address) as relay:
        with PEER.client(place, relay.address, Shape(), ["--rehandshake"]) as client:
            with_trace(relay, lambda: client.wait_for("A TLS warning alert has been received"))
        stats = serve.stop()
        expect_equal("handshakes_started", stats["handshakes_started"], 1)
        expect_equal("handshakes_completed", stats["handshakes_completed"], 1)


def served_without_renegotiation_info(place):
    """[RFC 5746, 3.6] A client that does not signal it is served, and gets no answer to what it did not ask."""
    relay = client_is_served(place, PEER, Shape(), ["--priority", priority(Shape(), "%DISABLE_SAFE_RENEGOTIATION")])
    hello = dtls.read_server_hello(relay.message(relays.TO_CLIENT, dtls.SERVER_HELLO))
    expect_equal("renegotiation_info there", dtls.RENEGOTIATION_INFO in hello.extensions, False)


def refusals():
    """(name, priority, more options, alert). The first alert is lost on gnutls-cli, which sends its hello again and believes the
    second."""
    failure = dtls.HANDSHAKE_FAILURE
    good = priority(Shape())
    both = f"{GROUP_OFFERS[X25519]}:{GROUP_OFFERS[P256]}"
    yield "rsa-key-exchange-only", good.replace("+ECDHE-ECDSA", "+RSA"), [], failure
    yield "rsa-certificates-only", good.replace("+ECDHE-ECDSA", "+ECDHE-RSA"), [], failure
    psk = ["--pskusername", "someone", "--pskkey", "0123456789abcdef"]
    yield "psk-only", good.replace("+ECDHE-ECDSA", "+PSK:+ECDHE-PSK"), psk, failure
    yield "other-ciphers-only", good.replace("+AES-128-GCM", "+AES-128-CCM:+AES-128-CBC"), [], failure
    yield "other-groups-only", good.replace(both, "+GROUP-SECP521R1"), [], failure
    yield "curve-of-certificate-not-offered", good.replace(both, "+GROUP-X25519"), [], failure
    yield "no-extended-master-secret", good + ":%NO_SESSION_HASH", [], failure
    yield "dtls-1.0-only", good.replace("DTLS1.2", "DTLS1.0").replace("+AES-128-GCM", "+AES-128-CBC"), [], dtls.PROTOCOL_VERSION


def client_cells(place):
    own = place.credentials
    yield from matrix_cells(place, PEER, "gnutls-cli", False, lambda shape: client_is_served(place, PEER, shape))
    chained = Shape(asked="require", given=own.chain, mtu=SMALL_MTU)
    yield "gnutls-cli/chains", lambda: client_is_served(
        place, PEER, chained, ["--x509cafile", own.root.path], certificate=own.chain)
    small = Shape(asked="request", given=own.client, mtu=SMALL_MTU)
    yield from harm_cells("gnutls-cli", lambda harm: client_is_served(place, PEER, small, harm=harm))
    yield "gnutls-cli/no-renegotiation-info", lambda: served_without_renegotiation_info(place)
    yield "gnutls-cli/renegotiation-refused", lambda: renegotiation_is_refused(place)
    for name, wanted, more, alert in refusals():
        yield f"gnutls-cli/refused/{name}", lambda wanted=wanted, more=more, alert=alert: client_is_refused(
            place, PEER, Shape(), alert, ["--priority", wanted, *more], says=rf"Received alert \[{alert}\]")
    for suite in SUITES:
        for group in GROUPS:
            without = Shape(suite, group, asked="require")
            yield f"gnutls-cli/refused/{suite}/{group}/require-without", lambda shape=without: client_is_refused(
                place, PEER, shape, dtls.HANDSHAKE_FAILURE, says=r"Received alert \[40\]")


def server_cells(place):
    own = place.credentials
    yield from matrix_cells(place, PEER, "gnutls-serv", True, lambda shape: server_is_used(place, PEER, shape, cookies=True))
    yield "gnutls-serv/no-cookie", lambda: server_is_used(place, PEER, Shape(), ["--nocookie"], cookies=False)
    yield "gnutls-serv/no-renegotiation-info", lambda: server_is_used(
        place, PEER, Shape(), ["--priority", priority(Shape(), "%DISABLE_SAFE_RENEGOTIATION")])
    yield "gnutls-serv/chain", lambda: server_is_used(place, PEER, Shape(mtu=SMALL_MTU), credential_options(own.chain))
    small = Shape(asked="request", given=own.client, mtu=SMALL_MTU)
    yield from harm_cells("gnutls-serv", lambda harm: server_is_used(place, PEER, small, data=False, harm=harm))
    # gnutls-serv refuses without a word to its client, who has to give up by itself.
    silence = {"reason": "timed_out", "options": ["--timeout-ms", 1500], "server_says": "Error in handshake"}
    ciphers = priority(Shape()).replace("+AES-128-GCM", "+AES-128-CCM")
    yield "gnutls-serv/refused/other-ciphers-only", lambda: server_is_refused(
        place, PEER, Shape(), extra=["--priority", ciphers], **silence)
    yield "gnutls-serv/refused/rsa-certificate", lambda: server_is_refused(
        place, PEER, Shape(), extra=credential_options(own.client_rsa), **silence)
    yield "gnutls-serv/refused/require-without", lambda: server_is_refused(place, PEER, Shape(asked="require"), **silence)
    # Ours to refuse: a session without the extended master secret.
    yield "gnutls-serv/refused/no-extended-master-secret", lambda: server_is_refused(
        place, PEER, Shape(), "alert_handshake_failure", ["--priority", priority(Shape(), "%NO_SESSION_HASH")])


def cells(place):
    yield from client_cells(place)
    yield from server_cells(place)
