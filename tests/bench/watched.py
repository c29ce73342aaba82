#!/usr/bin/python3
"""What it costs bascule to be watched: by nobody, by pages that listen to /v1/changes, and by a
Prometheus that asks for /metrics each second. The same bridge, in turn: the rate at which messages
of 200 bytes cross, its processor time for each, and what it uses while nothing comes. Prints a
table of medians with ratios, in Markdown. The release build must be there.

    tests/bench/watched.py [--rounds 5]
"""
import argparse
import socket
import statistics
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
from stage import Stage  # noqa: E402

import works  # noqa: E402
from bridges import BasculeBridge  # noqa: E402
from counter import cpu_s  # noqa: E402

COUNT, IDLE_S = 100_000, 10
WATCHED = {"nobody": (0, False), "a page": (1, False), "16 pages": (16, False),
           "Prometheus, each second": (0, True)}


def asked(path, question):
    door = socket.socket(socket.AF_UNIX)
    door.connect(path)
    door.sendall(f"GET {question} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return door


@contextmanager
def watching(path, pages, prometheus):
    ended = threading.Event()

    def listen(door):
        while door.recv(1 << 16):
            pass

    def scrape():
        while not ended.wait(1):
            with asked(path, "/metrics") as door:
                listen(door)

    with ExitStack() as doors:
        works_on = [threading.Thread(target=scrape)] if prometheus else []
        for _ in range(pages):
            door = doors.enter_context(asked(path, "/v1/changes"))
            works_on.append(threading.Thread(target=listen, args=(door,)))
            doors.callback(door.shutdown, socket.SHUT_RDWR)
        for work in works_on:
            work.start()
        yield
        ended.set()
    for work in works_on:
        work.join()


def idle_percent(pid):
    before = cpu_s(pid)
    time.sleep(IDLE_S)
    return (cpu_s(pid) - before) / IDLE_S * 100


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="the medians are over them")
    rounds = parser.parse_args().rounds
    figures = {name: [] for name in WATCHED}
    with Stage() as stage:
        bridge = BasculeBridge(stage)
        path = bridge.bascule.settings["control"]["socket"]
        works.crossing(bridge, 200, 20_000)  # up, and warm
        for number in range(rounds):
            for name, (pages, prometheus) in WATCHED.items():
                with watching(path, pages, prometheus):
                    crossed = works.crossing(bridge, 200, COUNT)
                    idle = idle_percent(bridge.pid)
                figures[name].append((crossed["per_s"], crossed["cpu_us"], idle))
                print(f"round {number + 1} of {rounds}, {name}: {crossed['per_s']:,.0f}/s",
                      file=sys.stderr, flush=True)
    medians = {name: [statistics.median(column) for column in zip(*rows)]
               for name, rows in figures.items()}
    unwatched = medians["nobody"][0]
    print("| watched by | msg/s | ratio | µs of processor time a message | idle, % of a core |")
    print("|---|---|---|---|---|")
    for name, (per_s, cpu_us, idle) in medians.items():
        print(f"| {name} | {per_s:,.0f} | {per_s / unwatched:.2f} | {cpu_us:.1f} | {idle:.2f} |")


if __name__ == "__main__":
    main()
