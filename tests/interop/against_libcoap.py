"""libcoap's clients, with OpenSSL and with GnuTLS below, against `ringdtls serve`. What comes back is their own request: they take
it for one of ours, answer it, and take that answer for ours again. So the exchange ends well, with `4.04 Not Found`."""

import functools

from cells import Peer, argue, client_is_served, harm_cells, matrix_cells
from matrix import Shape
from parties import Party, expect_equal

IN_PARALLEL = True
SECONDS_TO_WAIT = 20


class Libcoap(Peer):
    cuts_datagrams = False
    sends_own_suite = False  # nothing can be chosen on its command line
    sends_own_groups = False

    def __init__(self, program):
        self.program = program

    def client(self, place, address, shape, extra=()):
        own = ["-c", shape.given.path, "-j", shape.given.key] if shape.given else []
        return Party([self.program, "-v", "6", "-B", SECONDS_TO_WAIT, "-m", "get", "-R", place.credentials.servers[shape.kind].path,
                      *own, *extra, f"coaps://{address[0]}:{address[1]}/"])

    def exchange(self, client):
        client.wait_for("4.04 Not Found")

    def expect_content(self, client, shape):
        """It says nothing of the handshake; the relay has seen it."""

    def finish(self, client):
        expect_equal("exit status", client.wait_exit(), 0)


PROGRAMS = ("coap-client-openssl", "coap-client-gnutls")
# With GnuTLS: Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished, a datagram each, and the last flight.
UNREPEATED = {"coap-client-gnutls": 6}


def cells(place):
    for program in PROGRAMS:
        peer = Libcoap(program)
        yield from matrix_cells(place, peer, program, False, lambda shape, peer=peer: client_is_served(place, peer, shape))
        asked = Shape(asked="request", given=place.credentials.client)
        spared = UNREPEATED.get(program, 0)
        if spared:
            yield f"{program}/last-flights-lost-or-late", functools.partial(argue, "never repeats its second flight; libcoap 4.3.1")
        yield from harm_cells(program, lambda harm, peer=peer: client_is_served(place, peer, asked, harm=harm), spared)
