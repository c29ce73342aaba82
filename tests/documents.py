#!/usr/bin/python3
"""Holds the documents to the tree: every relative link leads somewhere, and to a heading that is
there; the ranks in ARCHITECTURE.md are those of tidy.py; every decision is in the list; each event
is in OPERATIONS.md; no sentence is too long. Prints what is wrong; exit 1 if anything is.

    tests/documents.py --words    the words of each, its sentences, and how long they are
"""
import json
import re
import subprocess
import sys
from pathlib import Path

import tidy

ROOT = Path(__file__).resolve().parent.parent
ARCHITECTURE = ROOT / "bridge/ARCHITECTURE.md"
DECISIONS = ROOT / "bridge/decisions"
LABORATORY = ROOT / "tests/lab"
WORDS_MAX, WORDS_ON_AVERAGE = 38, 25  # a sentence

problems = []


def documents():
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT,
                             text=True, capture_output=True, check=True).stdout.splitlines()
    return [ROOT / name for name in tracked if (ROOT / name).is_file()]


def without_blocks(text):
    """Blocks of code become empty lines, so that the numbers of lines stay."""
    return re.sub(r"^ *```.*?^ *```", lambda block: "\n" * block[0].count("\n"), text,
                  flags=re.M | re.S)


def anchor_of(heading):
    """As hosts of repositories make them."""
    plain = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors_in(path):
    headings = re.findall(r"^#+ (.+)$", without_blocks(path.read_text()), re.M)
    return {anchor_of(heading) for heading in headings}


def check_links(path):
    for number, line in enumerate(without_blocks(path.read_text()).splitlines(), 1):
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            other = (path.parent / name).resolve() if name else path
            here = f"{path.relative_to(ROOT)}:{number}"
            if not other.exists():
                problems.append(f"{here}: {name} is not there")
            elif anchor and anchor not in anchors_in(other):
                problems.append(f"{here}: {other.name} has no heading #{anchor}")


def check_ranks():
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", ARCHITECTURE.read_text(), re.M)
    told = [re.findall(r"`(.+?)`", rooms) for _, rooms in rows]
    if told != tidy.BRIDGE:
        problems.append("bridge/ARCHITECTURE.md: its ranks are not those of tests/tidy.py")


def check_decisions():
    listed = (DECISIONS / "README.md").read_text()
    numbers = {}
    for path in sorted(DECISIONS.glob("[0-9]*.md")):
        text = path.read_text()
        if (other := numbers.setdefault(path.name[:4], path)) != path:
            problems.append(f"bridge/decisions/{path.name}: {other.name} has the number, too")
        if not text.startswith(f"# {path.name[:4]}. "):
            problems.append(f"bridge/decisions/{path.name}: its heading has another number")
        if path.name not in listed:
            problems.append(f"bridge/decisions/README.md: {path.name} is not in the list")
        if not re.search(r"^Date: \d{4}-\d\d-\d\d\. Status: ", text, re.M):
            problems.append(f"bridge/decisions/{path.name}: no date and status")
        for heading in ("Context", "Decision", "Consequences"):
            if f"\n## {heading}\n" not in text:
                problems.append(f"bridge/decisions/{path.name}: no {heading}")


def check_events():
    """Each event, and each of its fields, stands in a row of the table of events."""
    schema = json.loads((ROOT / "config/events.schema.json").read_text())
    text = (ROOT / "packaging/OPERATIONS.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| `\w+`[^|]*\|", line)]
    for name, event in schema["$defs"].items():
        if "properties" not in event:
            continue
        row = next((row for row in rows if f"`{name}`" in row.split("|")[1]), "")
        if not row:
            problems.append(f"packaging/OPERATIONS.md: nothing about the event {name}")
        for field in event["properties"].keys() - {"event", "at"}:
            if row and f"`{field}`" not in row.split("|")[2]:
                problems.append(f"packaging/OPERATIONS.md: the event {name} has {field}")


def sentences_of(text):
    """Of the prose alone: no code, tables, headings or lists' marks; a row of a table is none."""
    prose = [re.sub(r"^ *(?:[-*]|\d+\.) ", "\n", line) for line in
             without_blocks(text).splitlines() if not re.match(r" *\||#|    \S|=+$", line)]
    plain = re.sub(r"\[(.*?)\]\(.*?\)|`([^`]*)`", r"\1\2", "\n".join(prose))
    for paragraph in re.split(r"\n\s*\n|\n(?=\n)", plain):
        for sentence in re.split(r"(?<=[.!?])\s+|(?<=:)\s+(?=[A-Z])", paragraph.strip()):
            words = re.findall(r"[^\s]*\w[^\s]*", sentence)
            if words:
                yield len(words), " ".join(sentence.split())


def check_sentences(path):
    """The laboratory's notes stay as they were written."""
    if LABORATORY in path.parents:
        return
    lengths = [(length, sentence) for length, sentence in sentences_of(path.read_text())]
    for length, sentence in lengths:
        if length > WORDS_MAX:
            problems.append(f"{path.relative_to(ROOT)}: a sentence of {length} words; "
                            f"{WORDS_MAX} are the most: {sentence[:60]}…")
    if lengths and sum(length for length, _ in lengths) / len(lengths) > WORDS_ON_AVERAGE:
        problems.append(f"{path.relative_to(ROOT)}: more than {WORDS_ON_AVERAGE} words a sentence")


def print_words():
    for path in documents():
        text = path.read_text()
        lengths = sorted(sentences_of(text))
        if lengths:
            average = sum(length for length, _ in lengths) / len(lengths)
            print(f"{path.relative_to(ROOT)}: {len(text.split())} words, {len(lengths)} sentences,"
                  f" {average:.1f} on average, the longest {lengths[-1][0]}")


def main():
    if sys.argv[1:] == ["--words"]:
        return print_words()
    for path in documents():
        check_links(path)
        check_sentences(path)
    check_ranks()
    check_decisions()
    check_events()
    print("\n".join(problems) or f"documents: {len(documents())} of them")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
