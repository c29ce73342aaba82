#!/usr/bin/python3
"""Gives the same work to mosquitto's own bridge and to bascule, in turn, and prints a table of
medians with ratios, in Markdown. The release build must be there.

    tests/bench/compare.py               about half an hour; 5 rounds, 10,000,000 in the backlog
    tests/bench/compare.py --quick       some minutes; figures that are good for a first look
    tests/bench/compare.py --only crossing,latency --rounds 7
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
from stage import Stage  # noqa: E402

import works  # noqa: E402
from bridges import BasculeBridge, MosquittoBridge, PlainBroker  # noqa: E402
from counter import PROGRAM  # noqa: E402
from table import table  # noqa: E402

WORKS = ["crossing", "latency", "drain", "idle", "backlog"]
SMALL, LARGE = 200, 10 * 1024
CONTENDERS = {"mosquitto": MosquittoBridge, "full": BasculeBridge,
              "normal": lambda stage, narrow: BasculeBridge(stage, narrow, sync="normal")}

started = time.monotonic()


def progress(text):
    load = os.getloadavg()[0]
    print(f"{time.monotonic() - started:6.0f} s  load {load:4.1f}  {text}", file=sys.stderr,
          flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less of everything, 3 rounds")
    parser.add_argument("--rounds", type=int, help="of each bridge; the medians are over them")
    parser.add_argument("--narrow", action="store_true",
                        help="brokers with mosquitto's default limit of 20 messages in flight")
    parser.add_argument("--only", default=",".join(WORKS), help=f"some of {','.join(WORKS)}")
    parser.add_argument("--waiting", type=int, default=1_000_000,
                        help="messages in the backlog that is drained; 1,000,000")
    parser.add_argument("--json", type=Path, help="where to write every figure of every round")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(WORKS):
        parser.error(f"unknown work {', '.join(sorted(unknown))}; there is {', '.join(WORKS)}")
    options.rounds = options.rounds or (3 if options.quick else 5)
    if options.quick:
        options.waiting //= 10
    return options


def check_ground():
    """What would make every figure worthless is said before the first one."""
    program = os.environ.get("BASCULE_PROGRAM", ROOT / "build" / "release" / "bascule")
    for needed in program, PROGRAM:
        if not Path(needed).exists():
            sys.exit(f"compare: {needed} is missing; build it first: cmake --preset release && "
                     "cmake --build --preset release")
    folder = tempfile.gettempdir()
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True,
                          check=True).stdout.strip()
    if kind in ("tmpfs", "ramfs"):
        sys.exit(f"compare: {folder} is in memory, where a sync costs nothing; set TMPDIR to a "
                 "folder on a disk")


def play(name, options):
    """One round of one bridge, on brokers of its own."""
    figures = {}
    seconds = 5 if options.quick else 10
    with Stage() as stage:
        bridge = CONTENDERS[name](stage, options.narrow)
        works.crossing(bridge, SMALL, 20_000)  # up, and warm
        if "crossing" in options.only:
            progress(f"{name}: crossing")
            count = 100_000 if options.quick else 200_000
            figures["crossing_small"] = works.crossing(bridge, SMALL, count)
            figures["crossing_large"] = works.crossing(bridge, LARGE, count // 20)
        if "latency" in options.only and name != "normal":
            progress(f"{name}: latency")
            figures["latency_100"] = works.latency(bridge, 100, seconds)
            figures["latency_1000"] = works.latency(bridge, 1_000, seconds)
        if "idle" in options.only and name != "normal":
            progress(f"{name}: idle")
            figures["idle"] = works.idle(bridge, seconds)
        if "drain" in options.only and name != "normal":
            progress(f"{name}: drain")
            figures["drain"] = works.drain(bridge, SMALL, options.waiting)
    return figures


def play_plain(options):
    if "crossing" not in options.only:
        return {}
    with Stage() as stage:
        broker = PlainBroker(stage)
        works.plain(broker, SMALL, 20_000)
        return {"crossing_small": works.plain(broker, SMALL, 200_000),
                "crossing_large": works.plain(broker, LARGE, 20_000)}


def play_backlog(options):
    if "backlog" not in options.only:
        return {}
    with Stage() as stage:
        return {"backlog": works.backlog(BasculeBridge(stage), SMALL,
                                         1_000_000 if options.quick else 10_000_000, progress)}


def median(rounds):
    """Of dictionaries of dictionaries of figures."""
    return {work: {figure: statistics.median(one[work][figure] for one in rounds)
                   for figure in rounds[0][work]} for work in rounds[0]}


def main():
    options = arguments()
    check_ground()
    rounds = {name: [] for name in [*CONTENDERS, "plain"]}
    loads = [os.getloadavg()[0]]
    for number in range(1, options.rounds + 1):
        for name in CONTENDERS:
            progress(f"round {number} of {options.rounds}, {name}")
            rounds[name].append(play(name, options))
        rounds["plain"].append(play_plain(options))
        loads.append(os.getloadavg()[0])
    medians = {name: median(played) for name, played in rounds.items()}
    medians["full"].update(play_backlog(options))
    if options.json:
        options.json.write_text(json.dumps({"rounds": rounds, "medians": medians}, indent=1))
    print(table(medians, options, loads))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("compare: ended by Ctrl-C")
    except AssertionError as error:
        sys.exit(f"compare: {error}")
