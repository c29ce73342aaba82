#!/usr/bin/python3
"""A million messages from site to central, while the line fails three times and the bridge is
killed three times. Prints what was missing, repeated, out of order, and the rates; exit 1 if a
message is missing, or a repeat cannot be told by its stamp.

    tests/bench/million.py [COUNT]       with the release build; takes some minutes

R3 R4 R5, P1 P2 P3 P5
"""
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
from counter import Load  # noqa: E402
from stage import SALE, SALE_ABOVE, Stage, wait_until  # noqa: E402

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
SIZE = 200
FAULTS = ("outage", "kill -9") * 3


with Stage() as stage:
    wide = ["max_inflight_messages 1000", "autosave_interval 3600"]
    site, central = stage.broker("site", options=wide), stage.broker("central", options=wide)
    line = stage.line(central, raw=True)
    bascule = stage.bascule(site, line)
    start = time.monotonic()
    receiver = Load("receive", central, filter=SALE_ABOVE, count=COUNT, v5=True)
    publisher = Load("publish", site, topic=SALE, count=COUNT, size=SIZE)

    for number, fault in enumerate(FAULTS, 1):
        share = COUNT * number // (len(FAULTS) + 1)
        reached = lambda: bascule.lane("up")["next_sequence"] > share
        wait_until(reached, f"{share} messages in the journal", deadline_s=600)
        print(f"{time.monotonic() - start:6.1f} s: {share} in the journal, {fault}", flush=True)
        if fault == "outage":
            line.cut()
            time.sleep(5)
            line.restore()
            bascule.wait_link("central", "up", "slow")
        else:
            bascule.kill()
            bascule.start()

    published = publisher.result()
    received = receiver.result()
    took_s = time.monotonic() - start
    bascule.wait_drained()
    bascule.check_books()
    status = bascule.status()
    report = {"messages": COUNT, "bytes_each": SIZE, "faults": FAULTS,
              "publisher_per_s": published["per_s"], "end_to_end_s": round(took_s, 1),
              "end_to_end_per_s": round(COUNT / took_s), "receiver": received,
              "redeliveries_dropped_by_the_bridge": status["counters"]["up"]["repeats"],
              "journal_bytes": status["journal"]["bytes"]}
    print(json.dumps(report, indent=2))

sys.exit(received["missing"] > 0 or received["repeats_unknown_by_stamp"] > 0)
