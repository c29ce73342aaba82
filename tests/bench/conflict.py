#!/usr/bin/python3
"""How fast a hub decides about edits that come through mosquitto, with few records and with many:
two hubs with a broker each, which take turns, so that what else the machine does hits both. Then
how much memory they have, and how long they take to start.

    tests/bench/conflict.py [FEW [MANY [EDITS]]] [full|normal] [none]   with the release build

A word `none` leaves out the message of the history that each edit has by default.
"""
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
from counter import Load, cpu_s, memory_mib  # noqa: E402
from stage import Stage, wait_until  # noqa: E402

WORDS = sys.argv[1:]
HISTORY = "none" not in WORDS
SYNC = "normal" if "normal" in WORDS else "full"
NUMBERS = [int(word.replace("_", "")) for word in WORDS if word.replace("_", "").isdigit()]
FEW, MANY, EDITS = (NUMBERS + [20_000, 1_000_000, 30_000][len(NUMBERS):])[:3]
ROUNDS = 5
# Nobody reads what the hub sends, but the broker keeps each record as retained.
WIDE = ["max_inflight_messages 1000", "autosave_interval 3600", "set_tcp_nodelay true"]


class Hub:
    def __init__(self, stage, records):
        self.records, self.edits, self.rates, self.cpu = records, 0, [], []
        self.broker = stage.broker(f"broker-{records}", options=WIDE)
        topics = {"canonical": "records/{id}", **({} if HISTORY else {"history": "none"})}
        self.bridge = stage.bascule(
            self.broker, None, bridge_id=f"hub-{records}", journal={"sync": SYNC},
            routes=[{"name": "edits", "direction": "up", "from": "edits/{id}",
                     "policy": "records"}],
            policies={"records": {"plugin": "conflict", "options": {
                "role": "authority", "record": "edits/{id}", "strategy": "field-merge",
                "topics": topics}}})

    def decided(self):
        return self.bridge.policy("records")["up"]["decided"]

    def play(self, count, size, **options):
        """Edits a second, from the first that is published to the last that is decided."""
        begin, cpu = time.monotonic(), cpu_s(self.bridge.pid)
        Load("publish", self.broker, topic="edits", records=self.records, count=count, size=size,
             first=self.edits + 1, v5=True, **options).result()
        self.edits += count
        wait_until(lambda: self.decided() == self.edits, f"{self.edits} decisions", 7200)
        took_s = time.monotonic() - begin
        return count / took_s, 1e6 * (cpu_s(self.bridge.pid) - cpu) / count

    def make(self):
        rate, cpu_us = self.play(self.records, 1000, **{"in-order": True})
        print(f"{self.records:9,} records made: {rate:6.0f}/s, {cpu_us:4.0f} us of processor time "
              "each", flush=True)

    def edit(self):
        rate, cpu_us = self.play(EDITS, 60)
        self.rates.append(rate)
        self.cpu.append(cpu_us)

    def restart(self):
        """Seconds until it answers and is connected."""
        self.bridge.wait_drained()
        most_mib = memory_mib(self.bridge.pid, "VmHWM")
        self.bridge.terminate()
        begin = time.monotonic()
        self.bridge.start()
        start_s = time.monotonic() - begin
        print(f"{self.records:9,} records: {statistics.median(self.rates):6.0f} edits/s (median of "
              f"{ROUNDS}, {min(self.rates):.0f} to {max(self.rates):.0f}), "
              f"{statistics.median(self.cpu):4.0f} us of processor time each; at most "
              f"{most_mib:.0f} MiB; started in {start_s:.2f} s, then "
              f"{memory_mib(self.bridge.pid):.0f} MiB", flush=True)


print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, sync {SYNC}, "
      f"{'with' if HISTORY else 'without'} a message of history each")
with Stage() as stage:
    hubs = [Hub(stage, FEW), Hub(stage, MANY)]
    for hub in hubs:
        hub.make()
    for _ in range(ROUNDS):
        for hub in hubs:
            hub.edit()
    for hub in hubs:
        hub.restart()
    few, many = (statistics.median(hub.rates) for hub in hubs)
    print(f"ratio of the rates: {many / few:.2f}")
