#!/usr/bin/python3
"""Runs the checks over brokers and prints what holds: conformance.py [--record] [BROKER...]

Fails if a link breaks a promise, or if a broker answers otherwise than expected.json has it.
--record writes that file anew.
"""
import json
import sys
import time
import traceback
from pathlib import Path

from others import BROKERS
import checks
from crossing import crossing, retained_gap
from stage.scene import Stage

EXPECTED = Path(__file__).with_name("expected.json")
CHECKS = [checks.crosses, checks.retained, checks.held_back, checks.topics]
RESTARTS = {"away": None, "away, restart": "stop", "away, kill -9": "kill"}


class Play:
    """One broker and all that happens to it."""

    def __init__(self, name):
        self.name = name
        self.problems = []
        self.answers = {}

    def run(self):
        started = time.monotonic()
        try:
            with Stage() as stage:
                broker = self.enter(stage)
                self.links(broker)
            with Stage() as stage:
                broker = self.enter(stage)
                native = next(answers for answers in self.answers.values()
                              if "a.b" in answers)
                self.answers["bridge"] = {"crossing": crossing(stage, broker, native)}
            with Stage() as stage:
                broker = self.enter(stage)
                self.answers["bridge"]["retained, after a gap"] = retained_gap(stage, broker)
        except (Exception, SystemExit):
            self.problem("the play")
        print(f"--- {self.name}: {time.monotonic() - started:.0f} s", flush=True)
        return self

    def enter(self, stage):
        if self.name == "mosquitto":
            return stage.broker(self.name)
        broker = BROKERS[self.name](self.name, stage.folder)
        stage.welcome(broker)
        return broker

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

    def compare(self, expected):
        """An expectation is an answer, or a list of those that are all right."""
        for pair, answers in expected.items():
            for question, answer in answers.items():
                wanted = answer if isinstance(answer, list) else [answer]
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


def main(arguments):
    record = "--record" in arguments
    names = [name for name in arguments if name != "--record"] or list(BROKERS)
    expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    plays = [Play(name).run() for name in names]
    for play in plays:
        if record:
            expected[play.name] = play.answers
        else:
            play.compare(expected[play.name])
    if record:
        EXPECTED.write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n")
    print(*table(plays), sep="\n")
    problems = [problem for play in plays for problem in play.problems]
    print(*problems, f"{len(problems)} problems with {len(plays)} brokers", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
