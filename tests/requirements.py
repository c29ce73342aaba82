#!/usr/bin/python3
"""Holds tests/REQUIREMENTS.md together with the tree: every number that is cited is defined there,
every test that it names exists and cites the number. Prints what is wrong; exit 1 if anything is.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/REQUIREMENTS.md"
# R or P and a number by itself; that of a version or an address has more before or after it.
NUMBER = re.compile(r"(?<![\w.\-/])([RP]\d{1,2})(?![\w/\-]|\.\d)")
TEXT = {".cpp", ".hpp", ".h", ".c", ".py", ".md", ".txt"}

problems = []


def defined():
    """Each number with the tests that show it."""
    rows = {}
    for line, text in enumerate(TABLE.read_text().splitlines(), 1):
        row = re.match(r"\| ([RP]\d+) \| (.+) \| (.+) \|$", text)
        if not row:
            continue
        number, sentence, shown = row.groups()
        tests = re.findall(r"`([\w/]+\.(?:py|cpp))`", shown)
        if number in rows:
            problems.append(f"{TABLE.name}:{line}: {number} is defined twice")
        if not sentence.endswith("."):
            problems.append(f"{TABLE.name}:{line}: {number} is no sentence")
        if not tests and "no test" not in shown:
            problems.append(f"{TABLE.name}:{line}: {number} does not say which test shows it")
        rows[number] = tests
    return rows


def main():
    rows = defined()
    for number, tests in rows.items():
        for test in tests:
            path = ROOT / "tests" / test
            if not path.is_file():
                problems.append(f"{TABLE.name}: {number} names {test}, which is not there")
            elif number not in NUMBER.findall(path.read_text()):
                problems.append(f"{TABLE.name}: {number} names {test}, which does not cite it")

    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True,
                             capture_output=True, check=True).stdout.splitlines()
    for path in (ROOT / name for name in tracked):
        if path.suffix not in TEXT or not path.is_file():
            continue
        for line, text in enumerate(path.read_text().splitlines(), 1):
            for number in NUMBER.findall(text):
                if number not in rows:
                    problems.append(f"{path.relative_to(ROOT)}:{line}: {number} is defined nowhere")
    print("\n".join(problems) or f"requirements: {len(rows)} numbers")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
