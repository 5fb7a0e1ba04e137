"""Measures what ringdtls promises, row by row, beside every server in build/bench. scripts/bench builds first and calls this."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import bench_report
from bench_cells import REFERENCE, Setting, measure
from bench_plan import Plan
from bench_rows import ROWS, lines_of, missed, wanted_cells
from measuring import MeasureError, OneLineParser, cores, leave_on_signals, machine

DEBIANS_PYTHON = "/usr/bin/python3"  # matplotlib is Debian's: a python of the user's own may come first in PATH
PICTURE_SECONDS = 120

DESCRIPTION = """Installs what is missing, builds, runs ringdtls and every other server in build/bench in turns, and prints what was
promised and what was measured. Writes report.json, report.md and report.svg to build/bench."""


def whole(low, high):
    def parse(text):
        value = int(text) if text.isascii() and text.isdigit() else low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {low} to {high}")
        return value

    return parse


def duration(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0.1 <= value <= 60:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds from 0.1 to 60")
    return value


def parse_arguments():
    rows = "\n".join(f"  {row.key:<12} {row.title}" for row in ROWS)
    parser = OneLineParser(prog="scripts/bench", description=DESCRIPTION, epilog=f"rows:\n{rows}\n\nExit status: 0 measured, 1 "
                           "something went wrong or, with --check, missed; 2 usage.",
                           formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="three short rounds: under two minutes instead of about ten")
    parser.add_argument("--only", action="append", choices=[row.key for row in ROWS], metavar="ROW", help="this row; may be repeated")
    parser.add_argument("--rounds", type=whole(1, 100), metavar="N", help="turns that each server gets (5; quick: 3)")
    parser.add_argument("--seconds", type=duration, metavar="S", help="length of a turn (2; quick: 0.5)")
    parser.add_argument("--concurrency", type=whole(1, 10000), default=1000, metavar="C", help="handshakes in flight (1000)")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a row misses what it must reach")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"), help=argparse.SUPPRESS)
    parser.add_argument("--reports", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--only-judge-options", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 5)
    arguments.seconds = arguments.seconds or (0.5 if arguments.quick else 2)
    arguments.reports = arguments.reports or arguments.build / "bench"
    return arguments


def run(plan, rows):
    """group -> key -> cell, measured."""
    results = {}
    for group, names in wanted_cells(rows).items():
        if not plan.possible(group):
            print(f"{group}: not without two cores", flush=True)
            continue
        cells = plan.cells(group, names)
        measure(group, cells, plan.setting.rounds)
        results[group] = {cell.key: cell for cell in cells}
    return results


def draw(folder):
    """The picture, where it can be drawn; the figures stand without it."""
    (folder / "report.svg").unlink(missing_ok=True)  # of another run
    command = [DEBIANS_PYTHON, "-B", pathlib.Path(__file__).with_name("bench_picture.py"), folder / "report.json", folder / "report.svg"]
    try:
        drawn = subprocess.run(command, capture_output=True, text=True, timeout=PICTURE_SECONDS)
        complaint = drawn.stderr.strip().splitlines()[-1:] if drawn.returncode != 0 else []
    except (OSError, subprocess.TimeoutExpired) as error:
        complaint = [str(error)]
    if complaint:
        print(f"No picture was drawn: {complaint[0]}", flush=True)
    return not complaint


def main():
    arguments = parse_arguments()
    if arguments.only_judge_options:
        return
    leave_on_signals()
    rows = [row for row in ROWS if not arguments.only or row.key in arguments.only]
    try:
        with tempfile.TemporaryDirectory() as folder:
            setting = Setting(build=arguments.build, folder=pathlib.Path(folder), seconds=arguments.seconds, rounds=arguments.rounds,
                              concurrency=arguments.concurrency, tool_rounds=5 if arguments.quick else 20,
                              quick=arguments.quick)
            plan = Plan(setting, cores())
            if REFERENCE not in plan.servers:
                raise MeasureError(f"{arguments.build}/bench/{REFERENCE}_server is not there: build with -Dbench=true")
            results = run(plan, rows)
        lines = list(lines_of(rows, results))
    except MeasureError as error:
        sys.exit(f"scripts/bench: {error}")
    report = bench_report.build(results, lines, setting, machine())
    bench_report.write(report, results, lines, arguments.reports)
    print("\n".join(bench_report.terminal(report, results, lines)), flush=True)
    picture = ", report.svg" if draw(arguments.reports) else ""
    print(f"Written: {arguments.reports}/report.json, report.md{picture}")
    sys.exit(1 if arguments.check and missed(lines) else 0)


main()
