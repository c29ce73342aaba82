#!/usr/bin/python3
"""What the way to central costs: MQTT over TCP, over TLS, and over WebSockets with TLS, the last by
both clients. The same work in turn, messages of 200 bytes up and down: the rate at which they
cross, and the bridge's processor time for each. Prints a table of medians with ratios to TLS, in
Markdown. The release build must be there.

    tests/bench/lines.py [--rounds 3]
"""
import argparse
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
from stage import ORDER, ORDER_ABOVE, SALE, SALE_ABOVE, Stage  # noqa: E402

import works  # noqa: E402
from bridges import WIDE  # noqa: E402

# Scheme, client, and how many messages: Paho takes some hundred a second.
WAYS = {"mqtt": ("mqtt", "native", 50_000), "mqtts": ("mqtts", "native", 50_000),
        "wss": ("wss", "native", 50_000), "wss, Paho": ("wss", "paho", 4_000)}
BASE = "mqtts"


class Direction:
    """A bridge as works.py wants it, from `site` to `central`, whichever they are."""

    def __init__(self, bascule, site, central, source, target):
        self.site, self.central, self.source, self.target = site, central, source, target
        self.pid = bascule.pid

    def site_cpu_s(self):
        return 0


def play(scheme, client, count):
    with Stage() as stage:
        site, central = (stage.broker(name, persistence=False, options=WIDE)
                         for name in ("site", "central"))
        authority = stage.authority()
        secret = scheme in ("mqtts", "wss")
        door = central.open_door(scheme, authority.issue("central") if secret else None)
        tls = {"tls": {"ca_file": str(authority.certificate)}} if secret else {}
        bascule = stage.bascule(site, door, central_link={"client": client, **tls})
        ways = {"up": Direction(bascule, site, central, SALE, SALE_ABOVE),
                "down": Direction(bascule, central, site, ORDER_ABOVE, ORDER)}
        figures = {}
        for name, way in ways.items():
            works.crossing(way, 200, count // 10)  # warm
            figures[name] = works.crossing(way, 200, count)
        return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="the medians are over them")
    rounds = parser.parse_args().rounds
    played = {name: [] for name in WAYS}
    for number in range(1, rounds + 1):
        for name, way in WAYS.items():
            print(f"round {number} of {rounds}, {name}", file=sys.stderr, flush=True)
            played[name].append(play(*way))

    def median(name, direction, figure):
        return statistics.median(one[direction][figure] for one in played[name])

    print("| way to central | up, msg/s | ratio | CPU, µs/msg | down, msg/s | ratio | "
          "CPU, µs/msg |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in WAYS:
        cells = [name]
        for direction in "up", "down":
            rate = median(name, direction, "per_s")
            cells += [f"{rate:,.0f}", f"{rate / median(BASE, direction, 'per_s'):.2f}",
                      f"{median(name, direction, 'cpu_us'):.1f}"]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
