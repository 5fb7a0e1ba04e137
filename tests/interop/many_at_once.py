"""Many handshakes at the same time: cookies, echo, and not one may fail."""

import re

from parties import Load, Serve, Unmet, expect_equal

IN_PARALLEL = False
SECONDS = 240
DATA_LEN = 64
URING_FORBIDDEN = re.compile(r"io_uring.*(not permitted|not allowed|denied|not implemented)")


def all_succeed(place, io, program, handshakes, concurrency):
    options = ["--handshakes", handshakes, "--concurrency", concurrency, "--data", DATA_LEN, "--records", 1]
    with Serve(place, io=io) as serve, Load(place, serve.address, *options, program=program) as load:
        status, figures = load.figures(SECONDS)
        stats = serve.stop()
        expect_equal("failed_by_reason", figures["failed_by_reason"], {})
        expect_equal("(attempted, completed)", (figures["attempted"], figures["completed"]), (handshakes, handshakes))
        expect_equal("exit status", status, 0)
        expect_equal("handshakes_completed", stats["handshakes_completed"], handshakes)
        expect_equal("handshakes_failed", stats["handshakes_failed"], {})
        expect_equal("a cookie for each at least", stats["cookies_sent"] >= handshakes, True)
        expect_equal("data_records_received", stats["data_records_received"] >= handshakes, True)


def uring_is_allowed(place):
    try:
        with Serve(place, io="uring"):
            return True
    except Unmet as complaint:
        if URING_FORBIDDEN.search(str(complaint)):
            print(f"io_uring cannot be used on this machine: {complaint}")
            return False
        raise


def cells(place):
    loads = [("ringdtls-load", 1000, 1000)]
    if (place.build / "bench" / "openssl_client").exists():
        loads.append(("bench/openssl_client", 5000, 500))
    else:
        print("bench/openssl_client is not built: no load comes from it")
    for io in ["uring", "mmsg"] if uring_is_allowed(place) else ["mmsg"]:
        for program, handshakes, concurrency in loads:
            name = f"many-at-once/{io}/{program.rpartition('/')[2]}-{handshakes}"
            yield name, lambda io=io, program=program, handshakes=handshakes, concurrency=concurrency: all_succeed(
                place, io, program, handshakes, concurrency)
