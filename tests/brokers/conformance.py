#!/usr/bin/python3
"""Runs the plays over brokers and prints what holds:
conformance.py [--record] [--only PLAY] [--without PLAY] [BROKER...]

Fails if a link or a bridge breaks a promise, or if a broker answers otherwise than expected.json
has it. --record writes the answers into that file; --only plays that one, --without all but that
one (COMPATIBILITY.md has them).
"""
import argparse
import json
import sys
import time
import traceback
from pathlib import Path

from others import BROKERS
import checks
from crossing import crossing
from forgetting import forgetting
from names import names
from outage import outage
from refusals import refusals
from retained import retained
from subscriptions import subscriptions
from stage.scene import Stage

EXPECTED = Path(__file__).with_name("expected.json")
CHECKS = [checks.crosses, checks.retained, checks.held_back, checks.topics]
RESTARTS = {"away": None, "away, restart": "stop", "away, kill -9": "kill"}
# What a bridge does with a broker at its centre.
BRIDGE_PLAYS = [crossing, subscriptions, names, retained, refusals, forgetting, outage]


def as_list(answer):
    return answer if isinstance(answer, list) else [answer]


class Play:
    """One broker and all that happens to it."""

    def __init__(self, name):
        self.name = name
        self.problems = []
        self.answers = {}

    def run(self, only=None, without=None):
        left_out = *getattr(BROKERS[self.name], "left_out", ()), without
        wanted = lambda name: only in (None, name) and name not in left_out
        if wanted("links"):
            self.play("links", lambda stage, broker: self.links(broker))
        for play in BRIDGE_PLAYS:
            if wanted(play.__name__):
                self.play(play.__name__, lambda stage, broker: self.bridge(play(stage, broker)))
        return self

    def play(self, name, action):
        started = time.monotonic()
        try:
            with Stage() as stage:
                broker = BROKERS[self.name](self.name, stage.folder)
                stage.welcome(broker)
                action(stage, broker)
        except (Exception, SystemExit):
            self.problem(name)
        print(f"--- {self.name}, {name}: {time.monotonic() - started:.0f} s", flush=True)

    def bridge(self, answers):
        self.answers.setdefault("bridge", {}).update(answers)

    def attempt(self, what, action, *arguments):
        try:
            return action(*arguments)
        except Exception:
            self.problem(what)
            return None

    def problem(self, what):
        self.problems.append(f"{self.name}: {what}")
        print(f"--- {self.name}: {what}", traceback.format_exc(), sep="\n", flush=True)

    def links(self, broker):
        for client in checks.CLIENTS:
            self.answers[f"{client} auto"] = {
                "auto takes": self.attempt(f"auto {client}", checks.automatic, broker, client)}
        pairs = [checks.Pair(broker, client, protocol) for client in checks.CLIENTS
                 for protocol in checks.PROTOCOLS]
        for pair in pairs:
            self.answers[f"{pair.client} {pair.protocol}"] = pair.answers
        pairs = [pair for pair in pairs
                 if self.attempt(f"connects {pair.key}", checks.connects, pair)]
        for pair in pairs:
            for check in CHECKS:
                self.attempt(f"{check.__name__} {pair.key}", check, pair)
        for name, end in RESTARTS.items():
            away = [self.attempt(f"{name} {pair.key}", checks.Away, pair, name) for pair in pairs]
            if end:
                getattr(broker, end)()
                broker.start()
            for one in filter(None, away):
                self.attempt(f"{name} {one.pair.key}", one.back)

    def record(self, expected):
        """What is right already stays as it is."""
        for pair, answers in self.answers.items():
            known = expected.setdefault(pair, {})
            for question, answer in answers.items():
                if answer not in as_list(known.get(question)):
                    known[question] = answer

    def compare(self, expected, some):
        """An expectation is an answer, or a list of those that are all right. Where only some
        plays were played, what was not answered is not missed."""
        for pair, answers in expected.items():
            for question, answer in answers.items():
                if some and question not in self.answers.get(pair, {}):
                    continue
                wanted = as_list(answer)
                given = self.answers.get(pair, {}).get(question)
                if given not in wanted:
                    self.problems.append(f"{self.name}: {pair}, {question}: {given}, "
                                         f"expected {' or '.join(map(str, wanted))}")


def table(plays):
    """Markdown: a row for each question, a column for each broker; where the pairs of client and
    protocol do not agree, each says its own."""
    questions = dict.fromkeys(question for play in plays for pair, answers in play.answers.items()
                              for question in answers)
    yield "| | " + " | ".join(play.name for play in plays) + " |"
    yield "|---" * (len(plays) + 1) + "|"
    for question in questions:
        cells = []
        for play in plays:
            given = {pair: answers[question] for pair, answers in play.answers.items()
                     if question in answers}
            for by in (lambda pair: ""), (lambda pair: pair.split()[-1]), (lambda pair: pair):
                grouped = {}
                for pair, answer in given.items():
                    grouped.setdefault(by(pair), set()).add(str(answer))
                if all(len(answers) == 1 for answers in grouped.values()):
                    break
            cells.append(", ".join(f"{who}: {min(answer)}" if who else min(answer)
                                   for who, answer in grouped.items()) or "–")
        yield f"| {question} | " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description="Plays over brokers, and what holds.")
    parser.add_argument("brokers", nargs="*", metavar="BROKER", choices=[[], *BROKERS],
                        help=", ".join(BROKERS))
    plays = ["links", *(play.__name__ for play in BRIDGE_PLAYS)]
    parser.add_argument("--only", choices=plays)
    parser.add_argument("--without", choices=plays)
    parser.add_argument("--record", action="store_true")
    chosen = parser.parse_args()
    expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    plays = [Play(name).run(chosen.only, chosen.without) for name in chosen.brokers or BROKERS]
    for play in plays:
        if chosen.record:
            play.record(expected.setdefault(play.name, {}))
        else:
            play.compare(expected.get(play.name, {}), chosen.only or chosen.without)
    if chosen.record:
        EXPECTED.write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n")
    print(*table(plays), sep="\n")
    problems = [problem for play in plays for problem in play.problems]
    print(*problems, f"{len(problems)} problems with {len(plays)} brokers", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
