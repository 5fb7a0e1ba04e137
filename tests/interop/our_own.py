"""Between our own two programs: what a network may do, and somebody else's program cannot be made to do at a wanted moment."""

import relay as relays
from cells import load_options, with_trace
from matrix import ED25519, Shape
from parties import Load, Serve, expect_equal, wait_until

IN_PARALLEL = True
FINISHED = 6  # ClientHello, HelloVerifyRequest, ClientHello, the server's flight, the client's, and the server's last


def close_notify_overtakes_finished(place):
    """A server that stops right behind its Finished: the handshake was complete, and then the association was closed."""
    with Serve(place) as serve, relays.Relay(serve.address, late=(FINISHED,)) as relay, \
         Load(place, relay.address, *load_options(Shape(), data=False), "--hold") as load:
        def judge():
            wait_until(lambda: len(relay.log) >= FINISHED, "the server's Finished")
            serve.stop()
            status, figures = load.figures()
            expect_equal("completed", figures["completed"], 1)
            expect_equal("failed_by_reason", figures["failed_by_reason"], {"closed_by_peer": 1})
            expect_equal("exit status", status, 1)
        with_trace(relay, judge)


def ed25519_at_both_ends(place):
    """In 1.3, where a client may have such a certificate as well; each kind of job is counted once."""
    own = place.credentials
    options = load_options(Shape(given=own.clients[ED25519]), data=False)
    with Serve(place, "--versions", "1.3", "--client-cert", "require", certificate=own.servers[ED25519]) as serve:
        with Load(place, serve.address, *options, "--versions", "1.3") as load:
            status, figures = load.figures()
        expect_equal("failed_by_reason", figures["failed_by_reason"], {})
        expect_equal("exit status", status, 0)
        kinds = serve.stop()["lanes"]["kinds"]
        for kind in ("ed25519_sign", "ed25519_verify"):
            expect_equal(kind, kinds[kind]["jobs"], 1)


def cells(place):
    yield "own/ed25519-at-both-ends", lambda: ed25519_at_both_ends(place)
    yield "own/close-notify-overtakes-finished", lambda: close_notify_overtakes_finished(place)
