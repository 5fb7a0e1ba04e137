"""What applications may do with data channels: every size, kind and reliability, many at once, closed and opened anew; and fast."""

import processes

CLIENTS = ("wrtc", "chromium", "firefox")
BULK_BYTES = 16 << 20
SECONDS = 180


def run(place, report):
    with processes.Server(place.ours) as server:
        for which in CLIENTS:
            with processes.Client(place, which) as client:
                done = client.order(SECONDS, exercise={"origin": server.origin, "bulkBytes": BULK_BYTES})
            report.judge(f"{which}-channels", not done["failures"], "; ".join(done["failures"]))
            report.say(f"   {which}-channels: {BULK_BYTES >> 20} MiB there and back, {done['bulkMegabytesPerSecond']:.1f} MB/s")
        judge_figures(report, server.stats()["sctp"])


def judge_figures(report, sctp):
    """Nothing that applications may do is refused, or too slow."""
    unusual = {name: sctp[name] for name in ("associations_slow", "channels_refused", "channels_oversized", "messages_ignored")}
    report.judge("channels-nothing-refused", not any(unusual.values()), unusual)
