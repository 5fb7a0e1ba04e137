"""One datagram of each conversation is lost, chosen by what is in it: the server's Finished, or what tells that the client's
has come.

The client repeats after its own interval (libwebrtc and Firefox begin with 50 ms), and the server's repetition must open the
channel at once. What takes longer waited for a timer of the server's, or for SCTP's, which are seconds.
"""

import statistics

import processes
import report as reports

CASES = (("chromium", "finished-1.3"), ("chromium", "ack-1.3"), ("firefox", "finished-1.3"), ("firefox", "ack-1.3"),
         ("firefox-1.2", "finished-1.2"), ("wrtc", "finished-1.2"))
# The first interval, once more as long for what went before and what comes after on a machine with other work to do.
MEDIAN_MS = 150
LONGEST_MS = 900
COUNT = 20


def run(place, report):
    with processes.Server(place.ours, through_relay=True) as server:
        for which in dict.fromkeys(which for which, _ in CASES):
            with processes.Client(place, which) as client:
                for lost in [lost for each, lost in CASES if each == which]:
                    run_case(report, server, client, lost)
        server.end(report, "lost")


def run_case(report, server, client, lost):
    name = f"{client.which}-lost-{lost}"
    with processes.Relay(server, "--lose", lost) as relay:
        results = client.connect(server, COUNT, 1)
        counts = relay.counts()
    reports.judge_connections(report, name, client, results)
    report.judge(f"{name}-was-lost", counts["chosen"] == len(results), f"{counts['chosen']} of {len(results)}")
    times = [result["openMs"] for result in results if "failure" not in result] or [float("inf")]
    median, longest = statistics.median(times), max(times)
    report.judge(f"{name}-within-an-interval", median < MEDIAN_MS and longest < LONGEST_MS,
                 f"median {median:.0f} ms (below {MEDIAN_MS} is well), longest {longest:.0f} ms (below {LONGEST_MS})")
