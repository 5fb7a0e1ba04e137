"""What is printed, and what has to hold of connections."""

import statistics
import sys
import threading

TLS_VERSION = {"1.2": "FEFD", "1.3": "FEFC"}  # as getStats has it
VERSION_OF = {"chromium": "1.3", "chromium-sped": "1.3", "firefox": "1.3", "firefox-1.2": "1.2", "wrtc": "1.2"}
CLIENTS = ("chromium", "firefox", "firefox-1.2", "wrtc")
REASONS_SHOWN = 3


class Report:
    """Several clients may report at the same time."""

    def __init__(self):
        self.passed = self.failed = 0
        self.lock = threading.Lock()

    def say(self, line):
        with self.lock:
            print(line, flush=True)

    def judge(self, name, holds, instead):
        reason = " | ".join(str(instead).splitlines())
        with self.lock:
            self.passed += bool(holds)
            self.failed += not holds
            print(f"ok {name}" if holds else f"FAIL {name} {reason}", flush=True)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)


def show_times(report, name, client, results):
    times = sorted(result["openMs"] for result in results if "failure" not in result)
    if times:
        echo = statistics.median(result["echoMs"] for result in results if "failure" not in result)
        p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
        report.say(f"   {name}: {client.version}: {len(times)} of {len(results)} opened; median {statistics.median(times):.1f} ms, "
                   f"p95 {p95:.1f} ms, longest {times[-1]:.1f} ms; echo {echo:.1f} ms")


def judge_connections(report, name, client, results):
    """All opened and echoed, with the version that this client has, and those that were ended by DELETE were there until then."""
    failures = [result["failure"] for result in results if "failure" in result]
    show_times(report, name, client, results)
    shown = "; ".join(failures[:REASONS_SHOWN])
    report.judge(f"{name}-all-open", not failures, f"{len(failures)} of {len(results)} did not: {shown}")
    opened = [result for result in results if "failure" not in result]
    wanted = TLS_VERSION[VERSION_OF[client.which]]
    others = {result.get("tlsVersion") for result in opened} - {wanted}
    report.judge(f"{name}-dtls-{VERSION_OF[client.which]}", opened and not others, f"getStats says {others}, not {wanted}")
    statuses = {result["ended"] for result in opened if "ended" in result} - {200}
    report.judge(f"{name}-ended", opened and not statuses, f"DELETE was answered by {statuses}")
