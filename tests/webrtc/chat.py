"""A user of Chromium and one of Firefox open the page, connect, and talk; screenshots are left in the build folder."""

import processes

PATIENCE_MS = 20000
SCREENSHOT_BYTES = 8000  # an empty page of that size compresses to less
PNG = b"\x89PNG\r\n\x1a\n"
WHICH = ("chromium", "firefox")
ROOM = "tea"


def run(place, report):
    with (processes.Server(place.ours) as server, processes.Client(place, WHICH[0]) as first,
          processes.Client(place, WHICH[1]) as second):
        users = (first, second)
        for user in users:
            user.order(open=f"{server.origin}/?name={user.which}&room={ROOM}")
            screenshot(place, report, user, "before")
            user.order(click="#connect")
            judge(report, f"chat-{user.which}-connects", user, "ringdtls.state === 'connected'")
        for user, other in (users, users[::-1]):
            talk(report, user, other)
        for user in users:
            judge_figures(report, user)
            screenshot(place, report, user, "chat")
        second.order(click="#connect")
        judge(report, "chat-end-is-seen", first,
              f"document.querySelector('#messages').innerText.includes('{second.which} has left')")
        for user in users:
            complaints = user.order(complaints=True)
            report.judge(f"chat-{user.which}-no-complaints", not complaints, complaints)
        server.end(report, "chat")


def judge(report, name, user, expression):
    try:
        user.order(wait=expression, ms=PATIENCE_MS)
        report.judge(name, True, "")
    except processes.Failed as error:
        report.judge(name, False, f"{error}; the page: {user.order(evaluate='document.body.innerText')}")


def talk(report, user, other):
    """Written as a user writes, and seen where the other one looks."""
    text = f"this is {user.which}, do you hear me? ¡sí!"
    user.order(type=text, into="#text")
    user.order(click="#send")
    for reader in (user, other):
        judge(report, f"chat-{user.which}-is-read-by-{reader.which}", reader,
              f"document.querySelector('#messages').innerText.includes('{text}')")


def judge_figures(report, user):
    judge(report, f"chat-{user.which}-shows-round-trip", user, "document.querySelector('#rtt').innerText.includes('ms')")
    judge(report, f"chat-{user.which}-shows-dtls", user, "document.querySelector('#dtls').innerText.includes('DTLS 1.3')")
    figures = user.order(evaluate="[ringdtls.openMs, ringdtls.rttMs, ringdtls.dtlsCipher]")
    report.say(f"   chat-{user.which}: click to open {figures[0]:.0f} ms, round trip {figures[1]:.1f} ms, {figures[2]}")
    names = user.order(evaluate="document.querySelector('#people').innerText")
    others = [which for which in WHICH if which != user.which]
    report.judge(f"chat-{user.which}-shows-people", all(which in names for which in others), names)


def screenshot(place, report, user, when):
    path = place.results / f"{when}-{user.which}.png"
    path.unlink(missing_ok=True)
    user.order(screenshot=str(path))
    picture = path.read_bytes() if path.exists() else b""
    report.judge(f"screenshot-{path.name}", picture.startswith(PNG) and len(picture) > SCREENSHOT_BYTES, f"{len(picture)} bytes")
    report.say(f"   {path}")
