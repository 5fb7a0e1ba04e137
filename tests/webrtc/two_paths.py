"""The client has two addresses, and so has the server: four paths, of which ICE chooses one, maybe in the middle of the
handshake.
Then the cable is cut that is in use: the channel goes on as soon as the client, after five seconds, believes that.
"""

import time

import private_network
import processes
import report as reports

COUNT = 20
AT_A_TIME = 5
PATIENCE_SECONDS = 30
STATS_SECONDS = 10
MOVES = ("chromium",)  # others stay where they are without a new offer


def run(place, report):
    second = ("--announce", private_network.SECOND_SERVER)
    with place.network.second_cable(), processes.Server(place.ours, options=second, listens_everywhere=True) as server:
        for which in reports.CLIENTS:
            with processes.Client(place, which) as client:
                client.connect(server, 1, 1)
                results = client.connect(server, COUNT, AT_A_TIME, together=True)
                reports.judge_connections(report, f"{which}-two-paths", client, results)
                if which in MOVES:
                    cut(place, report, server, client)
        server.end(report, "two-paths")


def cut(place, report, server, client):
    client.call(2 * PATIENCE_SECONDS, "keep", server, patienceMs=1000 * PATIENCE_SECONDS)
    before = wait_for_remote(server, lambda addresses: len(addresses) == 1)
    cable = "second" if before == private_network.SECOND_BROWSER else "first"
    try:
        with place.network.cut(cable):
            took = client.call(2 * PATIENCE_SECONDS, "echoKept", server, stay=True, patienceMs=1000 * PATIENCE_SECONDS)
            # It is nominated half a second after it was taken.
            after = wait_for_remote(server, lambda addresses: addresses != [before])
    except processes.Failed as error:
        report.judge(f"{client.which}-moves", False, f"{error}; it was at {before}")
        return
    report.say(f"   {client.which}: echo {took:.0f} ms after its cable was cut, from {before} to {after}")
    report.judge(f"{client.which}-moves", True, "")


def wait_for_remote(server, is_wanted):
    """The address that the one session has nominated."""
    deadline = time.monotonic() + STATS_SECONDS
    while True:
        addresses = [session["remote"].rpartition(":")[0] for session in server.stats()["sessions"] if "remote" in session]
        if addresses and is_wanted(addresses):
            return addresses[0]
        if time.monotonic() > deadline:
            raise processes.Failed(f"after {STATS_SECONDS} s the server's sessions are at {addresses}")
        time.sleep(0.1)
