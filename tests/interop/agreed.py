"""What our programs and other people's agree on beside the cryptography: protocol, SRTP profile, server's name; and that the keys
which both write down are the same, and give the material that the other one exports."""

import hmac
import re

import against_gnutls
import against_openssl
import dtls
import relay as relays
from cells import load_options, say_till_echoed, server_is_refused, server_is_used, with_trace
from matrix import AES_128, AES_256, SUITES, Shape
from parties import Load, Serve, expect, expect_equal

IN_PARALLEL = True
OPENSSL, GNUTLS = against_openssl.PEER, against_gnutls.PEER
PROFILES = {"SRTP_AES128_CM_SHA1_80": 1, "SRTP_AES128_CM_SHA1_32": 2, "SRTP_AEAD_AES_128_GCM": 7, "SRTP_AEAD_AES_256_GCM": 8}
ALL_PROFILES = ",".join(PROFILES)
LABEL, MATERIAL_LEN = "EXTRACTOR-dtls_srtp", 88
NO_APPLICATION_PROTOCOL = 120
KEY_LINE = re.compile(r"CLIENT_RANDOM ([0-9a-f]{64}) ([0-9a-f]{96})\n")


def prf(hash_name, secret, label, seed, length):
    """[RFC 5246, 5]"""
    seed = label.encode() + seed
    chain, out = seed, b""
    while len(out) < length:
        chain = hmac.digest(secret, chain, hash_name)
        out += hmac.digest(secret, chain + seed, hash_name)
    return out[:length]


def expect_logged(relay, logs, suite, material=None):
    """Each log has the line of this one association, and its secret gives what the other side has exported (RFC 5705)."""
    lines = {"".join(line for line in log.read_text(encoding="ascii").splitlines(True) if not line.startswith("#")) for log in logs}
    expect_equal("different logs", len(lines), 1)
    match = KEY_LINE.fullmatch(lines.pop())
    expect(match, "the log is not one line")
    client_random, master = (bytes.fromhex(number) for number in match.groups())
    hello = dtls.read_server_hello(relay.message(relays.TO_CLIENT, dtls.SERVER_HELLO))
    if material is not None:
        exported = prf(SUITES[suite].prf_hash, master, LABEL, client_random + hello.random, MATERIAL_LEN)
        expect_equal("exported material", material.lower(), exported.hex())


def said(party, pattern):
    return party.wait_for(pattern).group(1)


def s_client_agrees(place, suite, profile):
    ours, theirs = place.scratch("ours.keys"), place.scratch("theirs.keys")
    shape = Shape(suite)
    extra = ["-use_srtp", profile, "-alpn", "h2,coap", "-servername", "a.example", "-keymatexport", LABEL, "-keymatexportlen",
             MATERIAL_LEN, "-keylogfile", theirs]
    with Serve(place, "--alpn", "webrtc,coap", "--srtp", ALL_PROFILES, "--keylog", ours) as serve, \
         relays.Relay(serve.address) as relay, OPENSSL.client(place, relay.address, shape, extra) as client:
        def converse():
            say_till_echoed(client, "word")
            expect_equal("protocol", said(client, r"ALPN protocol: (\S+)"), "coap")
            expect_equal("profile", said(client, r"SRTP Extension negotiated, profile=(\S+)"), profile)
            material = said(client, r"Keying material: ([0-9A-F]+)")
            OPENSSL.finish(client)
            hello = dtls.read_server_hello(relay.message(relays.TO_CLIENT, dtls.SERVER_HELLO))
            expect_equal("profile in ServerHello", dtls.srtp_profile_of(hello), PROFILES[profile])
            expect_equal("mode of the log", ours.stat().st_mode & 0o777, 0o600)
            expect_logged(relay, [ours, theirs], suite, material)
        with_trace(relay, converse)
        stats = serve.stop()
        expect_equal("alpn", stats["alpn"], {"webrtc": 0, "coap": 1})
        expect_equal("srtp", {name: count for name, count in stats["srtp"].items() if count}, {profile: 1})


def s_server_agrees(place, suite, profile):
    ours, theirs = place.scratch("ours.keys"), place.scratch("theirs.keys")
    shape = Shape(suite)
    extra = ["-use_srtp", profile, "-alpn", "coap", "-keylogfile", theirs]
    options = ["--alpn", "webrtc,coap", "--srtp", ALL_PROFILES, "--server-name", "a.example", "--keylog", ours]
    with OPENSSL.server(place, shape, extra) as server, relays.Relay(server.address) as relay, \
         Load(place, relay.address, *load_options(shape, data=True), *options) as load:
        def judge():
            status, figures = load.figures()
            expect_equal("failed_by_reason", figures["failed_by_reason"], {})
            expect_equal("exit status", status, 0)
            expect_equal("protocol", figures["alpn"], "coap")
            expect_equal("profile", figures["srtp"], profile)
            expect_logged(relay, [ours, theirs], suite)
        with_trace(relay, judge)


def s_server_uses_the_name(place):
    """It has a second certificate for the name that our client says, and answers so; with the first it would not be the right one."""
    own = place.credentials
    extra = ["-servername", "a.example", "-cert2", own.server.path, "-key2", own.server.key, "-cert", own.client.path, "-key",
             own.client.key]
    right = ["--verify", "fingerprint", "--fingerprint", own.fingerprint(own.server), "--server-name", "a.example"]
    relay = server_is_used(place, OPENSSL, Shape(), extra, options=right)
    hello = dtls.read_server_hello(relay.message(relays.TO_CLIENT, dtls.SERVER_HELLO))
    expect_equal("server_name answered", hello.extensions.get(dtls.SERVER_NAME), b"")


def gnutls_cli_agrees(place):
    with Serve(place, "--alpn", "coap", "--srtp", "SRTP_AES128_CM_SHA1_80") as serve, relays.Relay(serve.address) as relay, \
         GNUTLS.client(place, relay.address, Shape(), ["--alpn", "coap", "--srtp-profiles", "SRTP_AES128_CM_HMAC_SHA1_80"]) as client:
        def converse():
            say_till_echoed(client, "word")
            client.wait_for(r"Application protocol: coap")
            client.wait_for(r"SRTP profile: SRTP_AES128_CM_HMAC_SHA1_80")
        with_trace(relay, converse)


def load_with_one_suite_and_group(place):
    with Serve(place) as serve, relays.Relay(serve.address) as relay, \
         Load(place, relay.address, *load_options(Shape(), data=False), "--suite", "ECDHE-ECDSA-AES256-GCM-SHA384", "--group",
              "P-256") as load:
        def judge():
            status, figures = load.figures()
            expect_equal("exit status", status, 0)
            expect_equal("cipher_suite", figures["cipher_suite"], "0xc02c")
            expect_equal("group", figures["group"], "P-256")
        with_trace(relay, judge)


def cells(place):
    for suite in (AES_128, AES_256):
        for profile in PROFILES:
            yield f"agreed/s_client/{suite}/{profile}", lambda suite=suite, profile=profile: s_client_agrees(place, suite, profile)
            yield f"agreed/s_server/{suite}/{profile}", lambda suite=suite, profile=profile: s_server_agrees(place, suite, profile)
    yield "agreed/s_server/server-name", lambda: s_server_uses_the_name(place)
    yield "agreed/gnutls-cli", lambda: gnutls_cli_agrees(place)
    yield "agreed/load-suite-and-group", lambda: load_with_one_suite_and_group(place)
    nothing = "received_alert_no_application_protocol"
    yield "agreed/s_server/no-protocol", lambda: server_is_refused(
        place, OPENSSL, Shape(), nothing, ["-alpn", "h2"], options=["--alpn", "coap"])
