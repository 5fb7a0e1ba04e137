"""Through a relay that loses every tenth datagram, doubles every twentieth and holds every tenth back until others have
overtaken it.

How long it takes is SCTP's to say, whose first timers are a second: it is shown. That all open is ours. The clients run side
by side, for mostly they wait.
"""

import concurrent.futures

import processes
import report as reports

AT_A_TIME = 20
FATES = ("--loss", 0.10, "--duplicates", 0.05, "--reorder", 0.10)
# Ten attempts of an SCTP association are lost together once in ten million, and they take longer than this.
PATIENCE_SECONDS = 120


def run_client(place, report, server, which):
    try:
        with processes.Client(place, which) as client:
            results = client.connect(server, place.connections, 1, patience_seconds=PATIENCE_SECONDS)
            reports.judge_connections(report, f"{which}-lossy-singly", client, results)
            results = client.connect(server, place.connections, AT_A_TIME, True, PATIENCE_SECONDS)
            reports.judge_connections(report, f"{which}-lossy-{AT_A_TIME}-at-a-time", client, results)
    except processes.Failed as error:
        report.judge(f"{which}-lossy", False, error)


def run(place, report):
    with (processes.Server(place.ours, through_relay=True) as server,
          processes.Relay(server, *FATES, "--seed", place.seed) as relay,
          concurrent.futures.ThreadPoolExecutor(len(reports.CLIENTS)) as pool):
        for done in [pool.submit(run_client, place, report, server, which) for which in reports.CLIENTS]:
            done.result()
        counts = relay.counts()
        server.end(report, "lossy")
    report.say(f"   relay: {counts}")
    seen = sum(counts[what] for what in ("passed", "lost", "doubled", "late"))
    report.judge("relay-was-lossy", 0.07 < counts["lost"] / max(seen, 1) < 0.13, counts)
