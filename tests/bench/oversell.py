#!/usr/bin/python3
"""How fast a site answers what it may sell, through its broker and its bridge: the answers' time at
a steady rate, and the rate at a window of unanswered requests; online, where the authority is asked
through two brokers, and offline. Every request is sold, so every one is journaled.

    tests/bench/oversell.py [COUNT] [online] [offline]       with the release build
"""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
from counter import Load, cpu_s, disk_bytes  # noqa: E402
from stage import Stage  # noqa: E402
from stage.seats import Site, hub  # noqa: E402

COUNT = next((int(word) for word in sys.argv[1:] if word.isdigit()), 100_000)
WHERE = [word for word in sys.argv[1:] if not word.isdigit()] or ["online", "offline"]
CAPACITY = 500_000_000
# Without the latter mosquitto holds small packets back until the last one is acknowledged, 40 ms.
WIDE = ["max_inflight_messages 1000", "autosave_interval 3600", "set_tcp_nodelay true"]


def measure(where, site, what, **options):
    broker, bridge = site.broker.pid, site.bridge.pid
    before = cpu_s(broker), cpu_s(bridge), disk_bytes(bridge)
    result = Load("ask", site.broker, topic="seats/hall/request", v5=True, **options).result()
    assert result["answered"] == result["asked"] and not result["others"], result
    each_us = lambda since, now: f"{1e6 * (now - since) / result['asked']:5.1f} us"
    print(f"{where:8} {what:22} {result['per_s']:8.0f}/s  p50 {result['p50_ms']:8.2f} ms  "
          f"p99 {result['p99_ms']:8.2f} ms  p99.9 {result['p999_ms']:8.2f} ms   bridge "
          f"{each_us(before[1], cpu_s(bridge))}, broker {each_us(before[0], cpu_s(broker))}, "
          f"{(disk_bytes(bridge) - before[2]) / result['asked']:6.0f} bytes to disk each",
          flush=True)


print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
with Stage() as stage:
    central = stage.broker("central", options=WIDE)
    authority = hub(stage, central, items={"hall": {"capacity": CAPACITY}})
    site = Site(stage, "site", central, broker_options=WIDE, answer_timeout="60s", window="off")
    site.wait_available("hall", CAPACITY)
    site.screen.leave()
    for where in WHERE:
        if where == "offline":
            site.cut()
        for rate in 100, 1000:
            measure(where, site, f"at {rate}/s", count=10 * rate, rate=rate)
        for window in 100, 1000:
            measure(where, site, f"{window} unanswered", count=COUNT, window=window)
        site.bridge.wait_decided("seats", 600)
