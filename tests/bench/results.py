#!/usr/bin/python3
"""Keeps the last figures of each bench, and puts them into the documents.

    tests/bench/disk.py | tests/bench/results.py --keep disk     into results/disk.json
    tests/bench/results.py --write     RESULTS.md, and the tables in other documents, from results/
    tests/bench/results.py             fails where a document has other figures

What is between `<!-- figures: NAME -->` and `<!-- end -->` is made here. Elsewhere README.md and
packaging/*.md state no rate, latency or bytes a message: such a figure would outlive its run.
"""
import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "tests/bench/results"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "packaging").glob("*.md"))]
ORDER = ["compare", "disk", "lines", "watched", "conflict", "oversell"]
FORTNIGHT_S, YEAR_S = 14 * 24 * 3600, 365 * 24 * 3600

# What only a measurement can say.
FIGURE = re.compile(r"\d[\d,.]* ?(?:msg/s|messages/s|µs|MiB/s|bytes/msg|bytes (?:a|per) message)|"
                    r"\bp(?:50|99)\b|\d\.\d\d?×")


def kept(name):
    return json.loads((KEPT / f"{name}.json").read_text())


def source(name):
    return f"{kept(name)['date']}, `{kept(name)['command'].split(';')[0]}`"


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def row(name, *begin):
    """The cells of the row that begins with these; one that is gone is an error."""
    for line in kept(name)["table"]:
        if cells(line)[:len(begin)] == list(begin):
            return cells(line)
    sys.exit(f"results: {name} has no row {begin}")


def number(text):
    return float(text.replace(",", ""))


def gigabytes(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def five():
    def of_bridges(title):
        cell = row("compare", title)
        return f"{cell[3]} {cell[1]} | {cell[2]} {cell[1]}"
    lone = row("disk", "200 B", "600, 10/s")
    return [
        "| 200-byte messages, QoS 1, `sync: full` | bascule | mosquitto's bridge, in memory |",
        "|---|---:|---:|",
        f"| crossing | {of_bridges('crossing, 200 B')} |",
        f"| processor time of the bridge | {of_bridges('CPU of the bridge, 200 B ¹')} |",
        f"| latency at 1,000 a second, p99 | {of_bridges('latency at 1,000 msg/s, p99')} |",
        f"| memory with 1,000,000 waiting | {of_bridges('memory with 1,000,000 waiting ²')} |",
        f"| written to disk, 10 a second | {lone[4]} bytes/msg | 0 |",
        "",
        f"{source('compare')}; the last row {source('disk')}. 2 cores.",
        "",
        "bascule syncs to the disk before each acknowledgement, and mosquitto's bridge keeps "
        "messages in memory. So bascule's",
        "latency is higher. Messages of 10 KiB crossed at "
        f"{row('compare', 'crossing, 10 KiB')[5].rstrip('×')} of the rate, when each was still "
        "written twice.",
    ]


def disk():
    return [*kept("disk")["table"], "", source("disk") + ". " + kept("disk")["notes"][0]]


def fortnight():
    """Room for 14 days, in GB, from what a message takes in the journal at 10/s."""
    sizes = "200 B", "1,000 B", "10,240 B"
    room = [number(row("disk", size, "600, 10/s")[2]) for size in sizes]
    lines = ["| 14 days of | 200 B | 1,000 B | 10 KiB |", "|---|---:|---:|---:|"]
    for per_s in 1, 10, 100:
        need = [gigabytes(each * per_s * FORTNIGHT_S / 1e9) for each in room]
        lines.append(f"| {per_s} a second | " + " | ".join(f"{one} GB" for one in need) + " |")
    return [*lines, "", f"Bytes in the journal × rate × 1,209,600 s; {source('disk')}."]


def example():
    each = number(row("disk", "200 B", "600, 10/s")[2])
    need = each * 5 * FORTNIGHT_S / 1e9
    return [
        "**Worked example.** A store sends 5 messages of 200 bytes a second, and has to live "
        "through 14 days without a line.",
        f"{each:.0f} bytes × 5 × 1,209,600 s = {need:.2f} GB. The history of one day adds a "
        f"fourteenth: {need:.2f} GB × 15/14 = {need * 15 / 14:.2f} GB.",
        f"So of `max_size: 4GiB`, the default, {need * 15 / 14 / (4 * 1.073741824) * 100:.0f} per "
        "cent are needed, and an 8 GB medium is large enough. `bascule status` shows what is used.",
    ]


def flash():
    """What ten years write, in TB, with the line up."""
    lines = ["| 200-byte messages | bytes written for each | in ten years | full writes of 32 GB |",
             "|---|---:|---:|---:|"]
    for title, per_s, messages in (("1 a second", 1, "60, 1/s"), ("10 a second", 10, "600, 10/s"),
                                   ("10 a second, `gather: 500ms`", 10,
                                    "600, 10/s, `gather: 500ms`")):
        each = number(row("disk", "200 B", messages)[4])
        total = each * per_s * 10 * YEAR_S
        lines.append(f"| {title} | {each:,.0f} | {gigabytes(total / 1e12)} TB | "
                     f"{total / 32e9:,.0f} |")
    share = total_at_ten() / 32e9 / 3000 * 100
    return [*lines, "", f"Bytes × rate × 315,360,000 s; {source('disk')}.", "",
            "Divide the last column by what the medium stands. A card for 3,000 full writes has "
            f"used {share:.0f} per cent of its life after ten",
            "years of 10 messages a second. Cheap media write several times what they are told."]


def total_at_ten():
    return number(row("disk", "200 B", "600, 10/s")[4]) * 10 * 10 * YEAR_S


def beside():
    """What a comparison with mosquitto's bridge shows, in bascule's favour or not."""
    lines = ["| | mosquitto's bridge | bascule, `sync: full` |", "|---|---:|---:|"]
    for title in ("crossing, 200 B", "crossing, 10 KiB", "CPU of the bridge, 200 B ¹",
                  "CPU of the bridge, 10 KiB ¹", "latency at 100 msg/s, p50",
                  "latency at 100 msg/s, p99", "latency at 1,000 msg/s, p50",
                  "latency at 1,000 msg/s, p99", "takes 1,000,000 in an outage ²",
                  "drains 1,000,000 ²", "memory with 1,000,000 waiting ²"):
        cell = row("compare", title)
        name = re.sub(r" [¹²]$", "", title)
        lines.append(f"| {name} | {cell[2]} {cell[1]} | {cell[3]} {cell[1]} |")
    return [*lines, "", source("compare") + ". 2 cores."]


BLOCKS = {"five": five, "disk": disk, "fortnight": fortnight, "example": example, "flash": flash,
          "beside": beside}
BLOCK = re.compile(r"<!-- figures: (\w+) -->\n(.*?)<!-- end -->", re.S)


def results():
    text = ["# Figures of the last runs", "",
            "`tests/bench/results.py --write` makes this page from `results/`. Older figures, and "
            "how they came about, are in [tests/lab](../lab/README.md).", "",
            "Nothing was measured on ARM or on an SD card. There `bascule doctor` measures the "
            "sync, which each acknowledgement waits for.", ""]
    for name in ORDER:
        run = kept(name)
        text += [f"## {name}", "", run["about"], "",
                 f"{run['date']}; {run['machine']}; load average: {run['load']}; "
                 f"`{run['command']}`", "", *run["table"], ""]
        for note in run["notes"]:
            text += [note, ""]
    return "\n".join(text)


def keep(name, command):
    lines = sys.stdin.read().splitlines()
    print("\n".join(lines))
    begin = next(i for i, line in enumerate(lines) if line.startswith("|"))
    table = [line for line in lines if line.startswith("|")]
    path = KEPT / f"{name}.json"
    run = json.loads(path.read_text()) if path.exists() else {"about": "", "machine": ""}
    run |= {"date": time.strftime("%Y-%m-%d"), "load": f"{os.getloadavg()[0]:.1f}",
            "command": command or f"tests/bench/{name}.py", "table": table,
            "notes": [line for line in lines[begin:] if line and not line.startswith("|")]}
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the figures into the documents")
    parser.add_argument("--keep", metavar="NAME", help="take the table of a bench from stdin")
    parser.add_argument("--command", help="as it was run, if not by its name alone")
    options = parser.parse_args()
    if options.keep:
        return keep(options.keep, options.command)
    wrong = []

    def hold(path, text):
        if path.exists() and path.read_text() == text:
            return
        if options.write:
            path.write_text(text)
        else:
            wrong.append(f"{path.relative_to(ROOT)}: its figures are not those of results/; "
                         "tests/bench/results.py --write puts them there")

    hold(ROOT / "tests/bench/RESULTS.md", results())
    for path in DOCUMENTS:
        text = path.read_text()
        hold(path, BLOCK.sub(lambda block: f"<!-- figures: {block[1]} -->\n" +
                             "\n".join(BLOCKS[block[1]]()) + "\n<!-- end -->", text))
        rest = BLOCK.sub(lambda block: "\n" * block[0].count("\n"), path.read_text())
        for line, words in enumerate(rest.splitlines(), 1):
            if found := FIGURE.search(words):
                wrong.append(f"{path.relative_to(ROOT)}:{line}: \"{found[0]}\" is a figure outside "
                             "of a table that tests/bench/results.py makes")
    print("\n".join(wrong) or f"results: {len(ORDER)} benches")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
