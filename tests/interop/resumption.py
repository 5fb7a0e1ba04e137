"""Sessions of 1.2 that are taken up again: our server's tickets in other clients, and other servers' tickets in ours."""

import against_gnutls
import against_openssl
from cells import say_till_echoed
from matrix import Shape
from parties import ForeignServer, Load, Serve, expect, expect_equal

OPENSSL, GNUTLS = against_openssl.PEER, against_gnutls.PEER
HANDSHAKES = 4
IN_PARALLEL = True


def expect_resumed(stats):
    expect_equal("handshakes_completed", stats["handshakes_completed"], 2)
    expect_equal("handshakes_resumed", stats["handshakes_resumed"], 1)


def openssl_resumes(place):
    session = place.scratch("session.pem")
    with Serve(place, "--tickets") as serve:
        for option, says in (("-sess_out", "New, TLSv1.2"), ("-sess_in", "Reused, TLSv1.2")):
            with OPENSSL.client(place, serve.address, Shape(), [option, session]) as client:
                client.wait_for(says)
                say_till_echoed(client, "word")
                OPENSSL.finish(client)
        expect_resumed(serve.stop())


def gnutls_resumes(place):
    with Serve(place, "--tickets") as serve:
        with GNUTLS.client(place, serve.address, Shape(), ["--resume"]) as client:
            client.wait_for("This is a resumed session")
            say_till_echoed(client, "word")
            GNUTLS.finish(client)
        expect_resumed(serve.stop())


def we_resume(place, server):
    """A session is used once, and these servers give no new one for it: so every second handshake may resume."""
    with server, Load(place, server.address, "-n", HANDSHAKES, "-c", "1", "--threads", "1", "--resume", "100") as load:
        status, figures = load.figures()
        expect_equal("exit status", status, 0)
        expect_equal("completed", figures["completed"], HANDSHAKES)
        expect(figures["resumed"] >= HANDSHAKES // 2, f"resumed is {figures['resumed']}")


def we_resume_with_openssl(place):
    own = place.credentials.server
    we_resume(place, ForeignServer(lambda port: ["openssl", "s_server", "-dtls1_2", "-accept", f"127.0.0.1:{port}", "-quiet",
                                                 "-cert", own.path, "-key", own.key]))


def we_resume_with_gnutls(place):
    own = place.credentials.server
    only_12 = "NORMAL:-VERS-ALL:+VERS-DTLS1.2"
    we_resume(place, ForeignServer(lambda port: ["gnutls-serv", "--udp", "--echo", "--port", str(port), "--priority", only_12,
                                                 "--x509certfile", own.path, "--x509keyfile", own.key]))


def cells(place):
    yield "s_client/resumption", lambda: openssl_resumes(place)
    yield "gnutls-cli/resumption", lambda: gnutls_resumes(place)
    yield "s_server/resumption", lambda: we_resume_with_openssl(place)
    yield "gnutls-serv/resumption", lambda: we_resume_with_gnutls(place)
