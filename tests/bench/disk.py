#!/usr/bin/python3
"""What a message costs on the disk, as a table in Markdown: how much room it takes in the journal,
and how many bytes are written for it, while the centre is away and when it has crossed. Bytes do
not depend on what else the machine does. packaging/OPERATIONS.md reckons with them.

    tests/bench/disk.py       some ten minutes; build/release/bascule, or $BASCULE_PROGRAM
"""
import os
import signal
import sys
import time
from pathlib import Path

from counter import disk_bytes

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
from stage import Stage, wait_until  # noqa: E402

TOPIC = "pos/till-1/sale/new"  # 19 bytes


def start(bascule, away):
    bascule.start(up=not away)
    bascule.wait_link("site", "up", "slow")


def end(bascule):
    """Ends it, so that everything is in its files. The bytes that it had written to the disk, all
    told, and the size of the journal."""
    os.kill(bascule.pid, signal.SIGTERM)
    os.waitid(os.P_PID, bascule.pid, os.WEXITED | os.WNOWAIT)
    written = disk_bytes(bascule.pid)  # as long as nobody has waited for it
    bascule.terminate()
    return written, sum(
        file.stat().st_size for file in bascule.data_dir.glob("journal.db*"))


def publish(till, size, count, per_s):
    begin = time.monotonic()
    for number in range(count):
        if per_s:
            time.sleep(max(0, begin + number / per_s - time.monotonic()))
        till.publish(TOPIC, "x" * size)
    till.wait_acknowledged(120)


def measure(size, count, per_s, away, journal):
    """Bytes a message: what was written, and what the journal grew by."""
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        bascule = stage.bascule(site, central, journal=journal)
        end(bascule)
        if away:
            central.stop()
        start(bascule, away)
        idle, room = end(bascule)  # what a start and an end cost
        till = stage.publisher(site)
        start(bascule, away)
        publish(till, size, count, per_s)
        wait_until(lambda: bascule.counters("up")["journaled"] >= count, "all of them", 120)
        if not away:
            bascule.wait_drained(120)
        written, room_then = end(bascule)
        return (written - idle) / count, (room_then - room) / count


def row(size, count, per_s, **journal):
    waiting, room = measure(size, count, per_s, True, journal)
    crossed, _ = measure(size, count, per_s, False, journal)
    rate = f"{per_s}/s" if per_s else "at once"
    rate += "".join(f", {key}: {value}" for key, value in journal.items())
    print(f"| {size:,} B | {count:,}, {rate} | {room:,.0f} | {waiting:,.0f} | {crossed:,.0f} |",
          flush=True)


print("| payload | messages | in the journal | written, centre away | written, crossed |")
print("|---:|---|---:|---:|---:|")
for size, at_once in (200, 20_000), (1000, 10_000), (10 * 1024, 1_000):
    row(size, 600, 10)
    row(size, at_once, None)
row(200, 60, 1)
row(200, 600, 10, sync="normal")
row(200, 600, 10, gather="500ms")
