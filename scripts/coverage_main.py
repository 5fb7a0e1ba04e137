"""How much of the core the tests execute, in lines. scripts/coverage builds first and calls this.

The core is what lies below src/io (ARCHITECTURE.md, The layers), with the inline functions of its headers. A line counts once,
however many objects it is compiled into. Counted are the suites unit, hazards and simulation.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

from measuring import OneLineParser

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-coverage"
OBJECTS = BUILD / "src" / "libringdtls-core.a.p"
SUITES = ("unit", "hazards", "simulation")
CORE = re.compile(r"src/(base|crypto|wire|record|handshake|endpoint)/\w+\.[ch]")
WANTED_PERCENT = 95.0
PATIENCE = 4  # without optimisation, and while every line is counted
GCOV_SECONDS = 600
# Lanes of eight: counted where the processor can run them.
ENGINE = re.compile(r"src/crypto/(multibuffer_\w+|lane_engine_multibuffer)\.[ch]")
ENGINE_FLAG = "avx512ifma"

DESCRIPTION = f"""Installs what is missing, builds in build-coverage, runs the suites {', '.join(SUITES)}, and prints how many lines of the core
they have executed, and which are left out. Fails below {WANTED_PERCENT:g} %."""


def parse_arguments():
    parser = OneLineParser(prog="scripts/coverage", description=DESCRIPTION, allow_abbrev=False,
                           epilog="Exit status: 0 enough, 1 not, or a test failed; 2 usage.")
    parser.add_argument("--lines", action="store_true", help="show what stands in the lines that were not executed, too")
    parser.add_argument("--last", action="store_true", help="report the last run's counts once more, without building or running")
    parser.add_argument("--only-judge-options", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def run_tests():
    """True when all passed; what they need and is not there yet is built. What earlier runs have counted is forgotten first."""
    for counts in BUILD.rglob("*.gcda"):
        counts.unlink()
    command = ["meson", "test", "-C", BUILD, "--print-errorlogs", "--timeout-multiplier", str(PATIENCE)]
    for suite in SUITES:
        command += ["--suite", suite]
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0


def processor_has(flag):
    try:
        return re.search(rf"^flags\s*:.*\b{flag}\b", pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None


def counted(name, engine_runs):
    return CORE.fullmatch(name) and (engine_runs or not ENGINE.fullmatch(name))


def notes_of_build():
    """Of the objects that the build has now: those of sources that are gone lie there as well."""
    done = subprocess.run(["ninja", "-C", BUILD, "-t", "targets", "all"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    objects = [BUILD / line.partition(":")[0] for line in done.stdout.splitlines()]
    notes = [path.with_suffix(".gcno") for path in objects if path.parent == OBJECTS and path.suffix == ".o"]
    return sorted(path for path in notes if path.exists())


def collect(engine_runs):
    """file -> line -> how often it was executed, over all objects of the core, those that were never loaded too."""
    files = {}
    notes = notes_of_build()
    if not notes:
        sys.exit("scripts/coverage: nothing was built for counting yet; leave --last away")
    done = subprocess.run(["gcov", "--json-format", "--stdout", *notes], cwd=BUILD, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=GCOV_SECONDS, check=False)
    if done.returncode != 0:
        sys.exit(f"scripts/coverage: gcov: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    for document in done.stdout.splitlines():
        if not document.startswith("{"):
            continue
        for file in json.loads(document)["files"]:
            path = (BUILD / file["file"]).resolve()
            name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else ""
            if not counted(name, engine_runs):
                continue
            lines = files.setdefault(name, {})
            for line in file["lines"]:
                lines[line["line_number"]] = max(lines.get(line["line_number"], 0), line["count"])
    return files


def share(executed, lines):
    return 100 * executed / lines if lines else 100.0


def ranges(numbers):
    """[1, 2, 3, 5] -> "1-3, 5"."""
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def show_lines(name, missing):
    text = (ROOT / name).read_text(encoding="utf-8").splitlines()
    for number in missing:
        print(f"{name}:{number}: {text[number - 1].strip()}")


def report(files, wants_text):
    """The whole, in percent."""
    rows = []
    for name, lines in files.items():
        missing = sorted(number for number, count in lines.items() if count == 0)
        rows.append((len(missing), name, len(lines), missing))
    rows.sort(key=lambda row: (-row[0], row[1]))
    print(f"\nNot executed, of {len(rows)} files:")
    for left_out, name, lines, missing in rows:
        if wants_text:
            show_lines(name, missing)
        elif left_out:
            print(f"  {name:<38} {left_out:>3} of {lines:>3} lines: {ranges(missing)}")
    lines = sum(row[2] for row in rows)
    executed = lines - sum(row[0] for row in rows)
    print(f"\nCore: {executed} of {lines} lines executed, {share(executed, lines):.2f} % (wanted: {WANTED_PERCENT:g} %)")
    return share(executed, lines)


def main():
    arguments = parse_arguments()
    if arguments.only_judge_options:
        return 0
    if not arguments.last and not run_tests():
        print("scripts/coverage: a test failed, see above", file=sys.stderr)
        return 1
    engine_runs = processor_has(ENGINE_FLAG)
    if not engine_runs:
        print(f"Not counted, since this processor has no {ENGINE_FLAG}: the lanes of eight")
    return 0 if report(collect(engine_runs), arguments.lines) >= WANTED_PERCENT else 1


sys.exit(main())
