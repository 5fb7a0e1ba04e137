"""What goes over the channels: messages of all sizes and both types over channels of every kind, bursts, late channels; and
media beside them."""

import processes
import report as reports

PATIENCE_SECONDS = 60
# Empty; one that is a packet; more than a packet, a window, 64 KiB, and the most that we say we take.
SIZES = (0, 2, 1000, 1198, 16384, 65536, 100000, 262144)
BURST, BURST_BYTES = 1000, 1000
MEDIA = {"chromium": "1.3", "firefox": "1.3", "firefox-1.2": "1.2"}
MEDIA_SECONDS = 1


def run(place, report):
    with processes.Server(place.ours) as server:
        for which in reports.CLIENTS:
            with processes.Client(place, which) as client:
                exchange(report, server, client)
                if which in MEDIA:
                    send_media(report, server, client)
        judge_refusals(report, server.stats()["sctp"])
        server.end(report, "messages")


def judge_refusals(report, sctp):
    """Whatever applications did, browsers said nothing that SCTP's gate or a channel has no use for."""
    refused = {name: sctp[name] for name in ("associations_slow", "channels_refused", "channels_oversized", "packets_refused")}
    report.judge("messages-nothing-refused", not any(refused.values()), refused)


def exchange(report, server, client):
    try:
        done = client.call(3 * PATIENCE_SECONDS, "exchange", server, patienceMs=1000 * PATIENCE_SECONDS, sizes=SIZES, burst=BURST,
                           burstBytes=BURST_BYTES)
    except processes.Failed as error:
        report.judge(f"{client.which}-messages", False, error)
        return
    megabits = 8 * BURST * BURST_BYTES / 1000 / done["burstMs"]
    report.say(f"   {client.which}: {done['messages']} messages, then {BURST} of {BURST_BYTES} bytes at once in "
               f"{done['burstMs']:.0f} ms, {megabits:.0f} Mbit/s each way")
    report.judge(f"{client.which}-messages", True, "")


def send_media(report, server, client):
    before = server.stats()["totals"]["media_datagrams"]
    done = client.call(3 * PATIENCE_SECONDS, "media", server, patienceMs=1000 * PATIENCE_SECONDS, lastingMs=1000 * MEDIA_SECONDS)
    datagrams = server.stats()["totals"]["media_datagrams"] - before
    report.say(f"   {client.which}: {datagrams} datagrams of media, {done.get('srtpCipher')}")
    report.judge(f"{client.which}-media", done["state"] == "connected" and done.get("srtpCipher") and datagrams > 0,
                 f"{done}, {datagrams} datagrams of media")
