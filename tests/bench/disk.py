#!/usr/bin/python3
"""What a message costs on the disk, as a table in Markdown: how much room it takes in the journal,
and how many bytes are written for it, while the centre is away and when it has crossed. Bytes do
not depend on what else the machine does. packaging/OPERATIONS.md reckons with them.

    tests/bench/disk.py               some minutes; the release build must be there
    BASCULE_PROGRAM=... tests/bench/disk.py
"""
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
from stage import Stage, wait_until  # noqa: E402

from counter import disk_bytes  # noqa: E402

TOPIC = "pos/till-1/sale/new"  # 19 bytes
MANY = 10_000  # of what is published at once


class Journal:
    def __init__(self, bascule):
        self._bascule = bascule
        self._file = bascule.data_dir / "journal.db"

    def _now(self):
        return self._file.stat().st_size, disk_bytes(self._bascule.pid)

    def settled(self):
        """Its size and what was written for it, when neither has changed for 3 s: the log has been
        moved into the file."""
        known, since = self._now(), time.monotonic()

        def quiet():
            nonlocal known, since
            if (now := self._now()) != known:
                known, since = now, time.monotonic()
            return time.monotonic() - since > 3

        wait_until(quiet, "the journal to settle", 60)
        return known


def publish(till, size, count, per_s):
    begin = time.monotonic()
    for number in range(count):
        if per_s:
            time.sleep(max(0, begin + number / per_s - time.monotonic()))
        till.publish(TOPIC, "x" * size)
    till.wait_acknowledged(120)


def measure(size, count, per_s, away):
    """Bytes a message: what the journal grew by, and what was written."""
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        bascule = stage.bascule(site, central)
        till = stage.publisher(site)
        if away:
            central.stop()
            bascule.wait_link("central", "down")
        journal = Journal(bascule)
        room, written = journal.settled()
        publish(till, size, count, per_s)
        wait_until(lambda: bascule.counters("up")["journaled"] >= count, "all of them", 120)
        if not away:
            bascule.wait_drained(120)
        room_then, written_then = journal.settled()
        return (room_then - room) / count, (written_then - written) / count


def row(size, count, per_s):
    room, waiting = measure(size, count, per_s, away=True)
    _, crossed = measure(size, count, per_s, away=False)
    rate = f"{per_s}/s" if per_s else "at once"
    print(f"| {size:,} B | {count:,}, {rate} | {room:,.0f} | {waiting:,.0f} | {crossed:,.0f} |",
          flush=True)


print("| payload | messages | in the journal | written, centre away | written, crossed |")
print("|---:|---|---:|---:|---:|")
for size in 200, 1000, 10 * 1024:
    row(size, 400, 10)
    row(size, MANY if size < 10 * 1024 else MANY // 10, None)
row(200, 60, 1)
