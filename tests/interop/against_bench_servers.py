"""`ringdtls-load` against the servers of bench/peers, each around somebody else's library: what ours is compared with must work."""

from cells import Peer, harm_cells, server_is_used
from matrix import Shape
from parties import Party, Serve, expect_equal

IN_PARALLEL = True
LIBRARIES = ("gnutls", "mbedtls", "openssl", "wolfssl")


class BenchServer(Serve):
    def __init__(self, place, program, shape):
        self.stats_path = place.scratch("stats.json")
        own = place.credentials.server
        Party.__init__(self, [program, "--listen", "127.0.0.1:0", "--cert", own.path, "--key", own.key, "--client-cert", shape.asked,
                              "--stats-json", self.stats_path])


class BenchPeer(Peer):
    def __init__(self, program):
        self.program = program

    def server(self, place, shape, extra=()):
        return BenchServer(place, self.program, shape)

    def expect_closed(self, server):
        stats = server.stop()
        expect_equal("handshakes_completed", stats["handshakes_completed"], 1)
        expect_equal("handshakes_failed", stats["handshakes_failed"], {})
        expect_equal("connections_open", stats["connections_open"], 0)


def cells(place):
    own = place.credentials.client
    certificates = {"none": ("none", None), "request-without": ("request", None), "request-with": ("request", own),
                    "require-with": ("require", own)}
    for library in LIBRARIES:
        program = place.build / "bench" / f"{library}_server"
        if not program.exists():
            print(f"bench/{program.name} is not built: it is not tested")
            continue
        peer = BenchPeer(program)
        for name, (asked, given) in certificates.items():
            shape = Shape(asked=asked, given=given)
            yield f"bench-{library}/{name}", lambda peer=peer, shape=shape: server_is_used(place, peer, shape, cookies=True)
        shape = Shape(asked="require", given=own)
        yield from harm_cells(f"bench-{library}", lambda harm, peer=peer, shape=shape: server_is_used(place, peer, shape, harm=harm))
