"""Nothing is lost: each client by itself, one connection after another, and then many at a time."""

import statistics
import time

import processes
import report as reports

AT_A_TIME = 20
# What the libwebrtc of today can do in one round trip of ICE, two of DTLS and two of SCTP; a server that waits for nomination
# takes 50 ms more.
CHROMIUM_MEDIAN_MS = 25


END_SECONDS = 10
# Connections that come and go quickly, so that whatever can be used again (a slot, a port) is. What a client has to say twice
# it says after 50 ms, 100 ms and so on: a second is a stall.
CHURN = {"chromium": 5, "firefox-1.2": 5}
STALL_MS = 1000


def run(place, report):
    with processes.Server(place.ours) as server:
        for which in (*reports.CLIENTS, "chromium-sped"):
            with processes.Client(place, which) as client:
                client.connect(server, 1, 1)  # whatever a client does for its first one, it does not belong to the figures
                run_client(place, report, server, client)
            judge_leftovers(report, server, which)
        server.end(report, "undisturbed")


def run_client(place, report, server, client):
    results = client.connect(server, place.connections, 1)
    reports.judge_connections(report, f"{client.which}-singly", client, results)
    if client.which == "chromium" and place.judges_times:
        times = [result["openMs"] for result in results if "failure" not in result]
        median = statistics.median(times) if times else float("inf")
        report.judge("chromium-singly-median", median < CHROMIUM_MEDIAN_MS, f"{median:.1f} ms, not below {CHROMIUM_MEDIAN_MS}")
    if client.which in CHURN:
        judge_churn(place, report, server, client)
    results = client.connect(server, place.connections, AT_A_TIME, together=True)
    reports.judge_connections(report, f"{client.which}-{AT_A_TIME}-at-a-time", client, results)


def judge_churn(place, report, server, client):
    results = client.connect(server, CHURN[client.which] * place.connections, 1)
    name = f"{client.which}-churn"
    reports.judge_connections(report, name, client, results)
    if place.judges_times:
        longest = max(result.get("openMs", float("inf")) for result in results)
        report.judge(f"{name}-no-stall", longest < STALL_MS, f"one took {longest:.0f} ms")


def judge_leftovers(report, server, which):
    """The client has ended, and every one of its connections before."""
    deadline = time.monotonic() + END_SECONDS
    while True:
        stats = server.stats()
        kept = (stats["totals"]["open"], stats["sctp"]["associations_open"])
        if kept == (0, 0) or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    report.judge(f"{which}-nothing-kept", kept == (0, 0), f"{kept[0]} sessions and {kept[1]} associations after {END_SECONDS} s")
