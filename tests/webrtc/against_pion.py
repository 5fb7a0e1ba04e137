"""The same browser, alternating between our server and pion's: from applied answer to open."""

import statistics

import processes
import report as reports

ROUNDS = 10
CLIENTS = ("chromium", "firefox")


def run(place, report):
    if not place.pion[0].exists():
        report.say("   pion: its server was not built (packages golang-go, golang-github-pion-webrtc.v3-dev)")
        return
    count = max(1, place.connections // ROUNDS)
    with processes.Server(place.ours) as ours, processes.Server(place.pion) as pion:
        for which in CLIENTS:
            with processes.Client(place, which) as client:
                compare(report, client, {"ringdtls": ours, "pion": pion}, count)


def compare(report, client, servers, count):
    results = {name: [] for name in servers}
    for server in servers.values():
        client.connect(server, 1, 1)
    for _ in range(ROUNDS):
        for name, server in servers.items():
            results[name] += client.connect(server, count, 1)
    for name, of_server in results.items():
        reports.show_times(report, f"{client.which}-to-{name}", client, of_server)
    medians = [statistics.median(result.get("openMs", float("inf")) for result in of_server) for of_server in results.values()]
    if client.which == "chromium":
        report.judge("chromium-sooner-than-with-pion", medians[0] < medians[1],
                     f"{medians[0]:.1f} ms, with pion {medians[1]:.1f} ms")
