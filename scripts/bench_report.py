"""What scripts/bench says at the end: on the terminal, as Markdown, as JSON."""

import dataclasses
import json

from bench_cells import ServerCell, median, ratio
from bench_rows import OURS, SATURATED, SATURATED_CERT, APART, APART_CERT

COMPARED = (SATURATED, APART, SATURATED_CERT, APART_CERT)


def table(header, rows):
    """Columns as wide as they must be; words to the left, figures to the right."""
    left = {i for i, name in enumerate(header) if name in ("", "row", "what")}
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        yield "  ".join(cell.ljust(width) if i in left else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))).rstrip()


def markdown(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "|".join("---" if i == 0 else "---:" for i in range(len(header))) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def server_rows(results, group):
    """Each server of a group that was compared: CPU per handshake, how much ours is of it, and what else happened."""
    ours = results[group].get(OURS)
    for cell in results[group].values():
        if not isinstance(cell, ServerCell) or cell.error:
            continue
        share = f"{ratio(ours, cell):.3f}" if ours is not None and cell is not ours else ""
        retransmits = sum(sample.retransmits for sample in cell.samples)
        failed = sum(sample.failed for sample in cell.samples)
        yield (cell.label, f"{median(cell, 'cpu_us'):.1f}", share, str(cell.load.concurrency), f"{median(cell, 'per_second'):.0f}", f"{median(cell, 'p50_us') / 1000:.1f}",
               f"{median(cell, 'p99_us') / 1000:.1f}", str(retransmits), str(failed))


SERVER_HEADER = ("", "CPU, us", "ringdtls is", "at once", "per second", "p50, ms", "p99, ms", "resent", "failed")
LINE_HEADER = ("row", "what", "measured", "must", "goal", "")


def bound(line, text):
    return f"{'>=' if line.at_least else '<='} {text}" if text and text != "lower" else text


def line_rows(lines):
    for line in lines:
        yield line.row, line.what, line.text, bound(line, line.must_text), bound(line, line.goal_text), line.verdict()


def left_out(results):
    return [f"{cell.label}, {group}: left out: {cell.error}" for group, cells in results.items() for cell in cells.values() if cell.error]


def introductions(results):
    """What each server said of itself, once."""
    seen = {}
    for cells in results.values():
        for cell in cells.values():
            if isinstance(cell, ServerCell) and cell.introduction:
                seen.setdefault(cell.label, cell.introduction.partition(", ")[2].partition(", certificate")[0])
    return seen


def conditions(report):
    setting = report["setting"]
    return (f"Medians of {setting['rounds']} rounds of {setting['seconds']:g} s, taken in turns; {setting['concurrency']} handshakes at a "
            "time (fewer for a server that could not answer as many within a second), cookies always, and each association is closed in order. Saturated: server at nice 19 on the core of the load. A "
            "ratio is the median of the rounds' ratios. CPU time is the kernel's, of all threads of the server's process.")


def build(results, lines, setting, machine):
    return {
        "machine": machine,
        "setting": {"rounds": setting.rounds, "seconds": setting.seconds, "concurrency": setting.concurrency},
        "servers": introductions(results),
        "rows": [{"row": line.row, "what": line.what, "measured": line.value, "text": line.text, "must": line.must, "goal": line.goal,
                  "at_least": line.at_least, "verdict": line.verdict(), "detail": line.detail} for line in lines],
        "groups": {group: [cell_json(cell, cells) for cell in cells.values()] for group, cells in results.items()},
    }


def cell_json(cell, cells):
    if not isinstance(cell, ServerCell):
        return {"name": cell.key, "rounds": cell.samples}
    entry = {"name": cell.key, "label": cell.label, "error": cell.error, "server_options": cell.server_options,
             "load": dataclasses.asdict(cell.load), "rounds": [dataclasses.asdict(sample) for sample in cell.samples]}
    if not cell.error:
        entry["median"] = {name: median(cell, name) for name in entry["rounds"][0]}
        ours = cells.get(OURS)
        if ours is not None:
            entry["ringdtls_ratio"] = ratio(ours, cell)
        entry["lanes"] = cell.stats.get("lanes")
    return entry


def terminal(report, results, lines):
    """Lines of text."""
    for group in COMPARED:
        if group in results and OURS in results[group]:
            yield ""
            yield f"Server, {group}:"
            yield from table(SERVER_HEADER, list(server_rows(results, group)))
    yield ""
    yield from table(LINE_HEADER, list(line_rows(lines)))
    yield ""
    for line in lines:
        if line.detail:
            yield f"{line.row}: {line.detail}"
    yield ""
    yield from closing(report, results)


def closing(report, results):
    for label, introduction in report["servers"].items():
        yield f"{label}: {introduction}"
    yield from left_out(results)
    yield conditions(report)
    yield f"Machine: {report['machine']}"


def as_markdown(report, results, lines):
    yield "# ringdtls, measured"
    for group in COMPARED:
        if group in results and OURS in results[group]:
            yield ""
            yield f"Server, {group}:"
            yield ""
            yield from markdown(SERVER_HEADER, list(server_rows(results, group)))
    yield ""
    yield from markdown((*LINE_HEADER, "from"), [(*row, line.detail) for row, line in zip(line_rows(lines), lines)])
    for text in closing(report, results):
        yield ""
        yield text


def write(report, results, lines, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "report.md").write_text("\n".join(as_markdown(report, results, lines)) + "\n", encoding="utf-8")
