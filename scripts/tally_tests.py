"""Adds up what the tests of several build folders said, shows the failed ones in full, and ends with `N passed, M failed`.

usage: tally_tests.py [--passed NAME | --failed NAME | --tests FOLDER STATUS]...

--passed and --failed name what was judged elsewhere (a build). The verdicts of FOLDER are in its meson-logs/testlog.json;
STATUS is what `meson test` ended with: when that is not 0, something failed, whatever the log says.
"""

import json
import pathlib
import re
import sys

OWN_LINE = re.compile(r"^(\d+) passed, (\d+) failed\s*$", re.MULTILINE)
CRITERION = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PASSED, SKIPPED = "OK", "SKIP"


def counts(test):
    """(passed, failed) of one test program. Whatever its own words, one that ended badly has failed somewhere."""
    if test["result"] == SKIPPED:
        return 0, 0
    output = COLOUR.sub("", test.get("stdout", "") + "\n" + test.get("stderr", ""))
    ended_well = test["result"] == PASSED
    own_lines = OWN_LINE.findall(output)
    criterion = CRITERION.findall(output)
    if own_lines:
        passed, failed = map(int, own_lines[-1])
    elif criterion:
        tested, passed, failed, crashed = map(int, criterion[-1])
        failed += crashed
        if tested > passed + failed:
            failed = tested - passed
    else:
        passed, failed = int(ended_well), int(not ended_well)
    if not ended_well and failed == 0:
        failed = 1
    return passed, failed


def show(test, passed, failed, folder):
    """One line for each test program, all that it said when it failed."""
    name = test["name"].rpartition(" / ")[2]
    if test["result"] == SKIPPED:
        print(f"{folder}: {name}: skipped")
    else:
        print(f"{folder}: {name}: {passed} passed, {failed} failed, {test['duration']:.1f} s")
    if failed:
        command = " ".join(map(str, test.get("command", [])))
        print(f"---- {test['result']}, exit status {test.get('returncode')}: {command}")
        print(test.get("stdout", ""), end="")
        print(test.get("stderr", ""), end="")
        print(f"---- end of {name}")


def tally_folder(folder, status):
    log = pathlib.Path(folder) / "meson-logs" / "testlog.json"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    total_passed = total_failed = 0
    for line in lines:
        test = json.loads(line)
        passed, failed = counts(test)
        show(test, passed, failed, folder)
        total_passed += passed
        total_failed += failed
    if not lines:
        print(f"{folder}: FAILED, no test was run")
        total_failed += 1
    elif status != 0 and total_failed == 0:
        print(f"{folder}: FAILED, meson test ended with status {status}")
        total_failed += 1
    return total_passed, total_failed


def main():
    passed = failed = folders = 0
    arguments = iter(sys.argv[1:])
    for argument in arguments:
        if argument == "--passed":
            print(f"{next(arguments)}: passed")
            passed += 1
        elif argument == "--failed":
            print(f"{next(arguments)}: FAILED, see above")
            failed += 1
        elif argument == "--tests":
            more_passed, more_failed = tally_folder(next(arguments), int(next(arguments)))
            passed += more_passed
            failed += more_failed
            folders += 1
        else:
            sys.exit(f"tally_tests.py: '{argument}' is unknown")
    if folders == 0:
        print("No test was run.")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
