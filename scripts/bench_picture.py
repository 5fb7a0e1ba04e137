"""bench_picture.py REPORT.json PICTURE.svg: server CPU per handshake, ours and everybody's, as scripts/bench measured it.

Colours of text and lines change with the reader's light or dark theme; the bars' colours suit both.
"""

import json
import pathlib
import re
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402 the back end is chosen first

PANELS = (("saturated", "Without client certificate", "plain"),
          ("saturated, client certificate", "With client certificate", "client_certificate"))
OURS = "ringdtls"
VARIANTS_OF_OURS = ("ringdtls --lanes libcrypto",)
BAR, OUR_BAR, OUR_VARIANT_BAR = "#8c959f", "#2da44e", "#7fc896"
BAR_HEIGHT = 0.66
CUT_FROM = 2.5
INK, FAINT, CUT = "#1f2328", "#59636e", "#fffffe"  # by these names they are found again in the SVG
DARK = {INK: "#e6edf3", FAINT: "#9198a1", CUT: "#0d1117"}


def bars(group):
    """(label, microseconds, colour, times ours), cheapest first."""
    cells = [cell for cell in group if "median" in cell and (cell["name"] in (OURS, *VARIANTS_OF_OURS) or "--" not in cell["name"])]
    ours = next((cell for cell in cells if cell["name"] == OURS), None)
    for cell in sorted(cells, key=lambda cell: cell["median"]["cpu_us"]):
        colour = OUR_BAR if cell is ours else OUR_VARIANT_BAR if cell["name"] in VARIANTS_OF_OURS else BAR
        times = 1 / cell["ringdtls_ratio"] if ours is not None and cell is not ours else None
        label = "ringdtls, libcrypto only" if cell["name"] in VARIANTS_OF_OURS else cell["label"]
        yield label, cell["median"]["cpu_us"], colour, times


def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


def floor_of(groups, variant):
    tool = next((cell for cell in groups.get("saturated", []) if cell["name"] == "floor"), None)
    return None if tool is None else median(sample[variant]["sum_us"] for sample in tool["rounds"])


def limit_of(lengths):
    """Where bars are cut: one that is far longer than all others would leave nothing to see of them."""
    longest, *others = sorted(lengths, reverse=True)
    return longest if not others or longest < CUT_FROM * others[0] else 1.3 * others[0]


def draw_bar(axes, height, microseconds, colour, limit):
    axes.barh(height, min(microseconds, limit), color=colour, height=BAR_HEIGHT)
    if microseconds > limit:
        for gap in (0.93, 0.955):
            axes.plot([limit * (gap - 0.006), limit * (gap + 0.006)], [height - BAR_HEIGHT / 2, height + BAR_HEIGHT / 2], color=CUT,
                      linewidth=2)


def draw_panel(axes, rows, title, floor, limit):
    heights = range(len(rows), 0, -1)
    for height, (label, microseconds, colour, times) in zip(heights, rows):
        draw_bar(axes, height, microseconds, colour, limit)
        text = f"{microseconds:.1f} µs" if times is None else f"{microseconds:.0f} µs · {times:.1f} ×"
        axes.text(min(microseconds, limit) + limit * 0.012, height, text, va="center", ha="left", color=INK, fontsize=10,
                  fontweight="bold" if label == OURS else "normal")
    if floor is not None and rows[0][0] == OURS:
        axes.plot([floor, floor], [len(rows) - 0.42, len(rows) + 0.42], color=INK, linewidth=1.4)
    axes.set_yticks(list(heights), [row[0] for row in rows], color=INK, fontsize=10)
    axes.set_title(title, loc="left", color=INK, fontsize=11, pad=6)
    axes.set_xlim(0, limit * 1.22)
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= limit])
    axes.set_ylim(0.4, len(rows) + 0.6)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", colors=FAINT, labelsize=9, length=3)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)


def wrapped(text, width):
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def draw(report):
    groups = report["groups"]
    panels = [(list(bars(groups[name])), title, floor_of(groups, variant)) for name, title, variant in PANELS if name in groups]
    panels = [panel for panel in panels if panel[0]]
    if not panels:
        sys.exit("nothing was measured that this picture shows")
    limit = limit_of([max(row[1] for rows, _, _ in panels for row in rows if row[0] == label)
                      for label in {row[0] for rows, _, _ in panels for row in rows}])
    counts = [len(rows) for rows, _, _ in panels]
    height = 0.36 * sum(counts) + 0.75 * len(panels) + 1.35
    figure, all_axes = plt.subplots(len(panels), 1, figsize=(8.6, height), squeeze=False, gridspec_kw={"height_ratios": counts})
    for axes, (rows, title, floor) in zip(all_axes[:, 0], panels):
        draw_panel(axes, rows, title, floor, limit)
    figure.suptitle("Server CPU per full DTLS 1.2 handshake (less is better)", x=0.012, ha="left", color=INK, fontsize=13,
                    fontweight="bold")
    setting = report["setting"]
    marked = "" if all(floor is None for _, _, floor in panels) else "The mark in our bar: what its parts cost alone (bench/floor). "
    cut = "A bar that is cut goes on to its figure. " if any(row[1] > limit for rows, _, _ in panels for row in rows) else ""
    note = (f"{marked}{cut}Sockets on loopback, cookies always, up to {setting['concurrency']} handshakes at a time, saturated; medians of "
            f"{setting['rounds']} rounds in turns. {report['machine']}.")
    figure.text(0.012, 0.012, wrapped(note, 143), color=FAINT, fontsize=8.5, ha="left", va="bottom")
    figure.tight_layout(rect=(0, 0.42 / height, 1, 1 - 0.02 / height))
    return figure


def themed(svg):
    """The reader's own sans-serif, and the colours of the reader's theme."""
    svg = re.sub(r"font: ((?:bold )?[\d.]+px) [^;\"]*", r"font: \1 system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif", svg)
    rules = "".join(f'[style*="fill: {light}"] {{ fill: {dark} !important }} [style*="stroke: {light}"] {{ stroke: {dark} !important }} '
                    for light, dark in DARK.items())
    return svg.replace("<defs>", f"<style>@media (prefers-color-scheme: dark) {{ {rules}}}</style>\n <defs>", 1)


def main():
    report_path, picture_path = map(pathlib.Path, sys.argv[1:3])
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "ringdtls"})
    figure = draw(json.loads(report_path.read_text(encoding="utf-8")))
    figure.savefig(picture_path, transparent=True, metadata={"Date": None, "Creator": None})
    picture_path.write_text(themed(picture_path.read_text(encoding="utf-8")), encoding="utf-8")


main()
