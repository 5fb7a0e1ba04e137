"""What the style checks have in common: finding sources, reading C roughly, reporting.

A check prints `ok NAME` or `FAIL NAME reason` for each thing it looked at and ends with the line
`N passed, M failed`; its exit status is 1 when something failed.
"""

import argparse
import pathlib
import re
import sys

CORE_LAYERS = ("base", "crypto", "wire", "record", "handshake", "endpoint")
C_FOLDERS = ("src", "include", "bench", "tests")


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def ok(self, name):
        self.passed += 1
        print(f"ok {name}")

    def fail(self, name, reason):
        self.failed += 1
        print(f"FAIL {name} {reason}")

    def judge(self, name, complaints):
        """One subject, any number of complaints about it."""
        if complaints:
            self.fail(name, "; ".join(complaints))
        else:
            self.ok(name)

    def finish(self):
        """A check that looked at nothing has not passed."""
        if self.passed + self.failed == 0:
            self.fail("anything", "there was nothing to look at")
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def argument_parser(description):
    parser = argparse.ArgumentParser(description=description)
    default_root = pathlib.Path(__file__).resolve().parent.parent.parent
    parser.add_argument("--root", type=pathlib.Path, default=default_root, help="top of the repository")
    return parser


def c_files(root, *folders):
    """All .c and .h files below the folders, with their paths relative to root, in a fixed order."""
    found = []
    for folder in folders:
        for path in (root / folder).rglob("*.[ch]"):
            found.append(path.relative_to(root))
    return sorted(found)


def read(root, path):
    return (root / path).read_text(encoding="utf-8")


COMMENT_OR_LITERAL = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank_out(text):
    """Code alone: comments and literals become blanks, line numbers stay."""

    def blank(match):
        token = match.group(0)
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[-1]

    return COMMENT_OR_LITERAL.sub(blank, text)


def comments_only(text):
    """The opposite: code and literals become blanks, line numbers stay."""
    out = list(re.sub(r"[^\n]", " ", text))
    for match in COMMENT_OR_LITERAL.finditer(text):
        if match.group(0)[0] == "/":
            out[match.start() : match.end()] = match.group(0)
    return "".join(out)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
