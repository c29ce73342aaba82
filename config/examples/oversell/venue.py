#!/usr/bin/python3
"""A venue on one machine: a central broker with a hub, three sites with a broker and a bascule
each, and lines between them that can be cut. packaging/demo/venue builds and starts it.

    buy SITE ITEM [N]   a till of the site asks for N of hall or tables, and shows its answer
    cut SITE            the site's line is gone
    mend SITE           and back
    show                what every site knows
    cases               what waits for staff
    honour N            staff finds a seat after all: case N
    status SITE         of its bridge; hub is a site here, too
    quit                or Ctrl-C: ends everything, and leaves nothing behind

SITE is a, b or c. What site and authority tell staff and doors is shown as it comes.
"""
import json
import os
import select
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))
from stage import Stage, wait_until  # noqa: E402

FOLDER = ROOT / "config" / "examples" / "oversell"
ITEMS = "hall", "tables"


def say(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


class Site:
    def __init__(self, stage, letter, central):
        self.name = f"site-{letter}"
        self.broker = stage.broker(f"broker-{letter}")
        self.line = stage.line(central)
        self.bridge = stage.bascule(self.broker, self.line, start=False, bridge_id=self.name,
                                    example=FOLDER / f"{self.name}.yaml")
        self.screen = stage.receiver(self.broker, "seats/+/availability", "seats/+/staff",
                                     "seats/+/badge", name=f"screen-{letter}")
        self.till = stage.till(self.broker, f"till-{letter}")

    def shown(self, item):
        texts = self.screen.payloads(f"seats/{item}/availability")
        return json.loads(texts[-1]) if texts else {}


class Venue:
    def __init__(self, stage):
        self.central = stage.broker("central")
        self.hub = stage.bascule(self.central, None, start=False, bridge_id="hub",
                                 example=FOLDER / "hub.yaml")
        self.office = stage.receiver(self.central, "oversell/inbox/+", "oversell/call/+",
                                     name="venue")
        self.sites = {letter: Site(stage, letter, self.central) for letter in "abc"}
        self._told = {}

    def open(self):
        for bridge in [self.hub, *(site.bridge for site in self.sites.values())]:
            bridge.start()
        for site in self.sites.values():
            wait_until(lambda: all(site.shown(item) for item in ITEMS), f"news at {site.name}")

    def _fresh(self, receiver):
        seen = self._told.get(receiver, 0)
        self._told[receiver] = len(receiver.unique)
        return receiver.unique[seen:]

    def tell(self):
        """What has come for people since it was told last."""
        for message in self._fresh(self.office):
            told = json.loads(message.payload)
            if told.get("kind") == "verdict":
                say(f"authority   {told['outcome']}: {told['quantity']} of {told['item']} sold by "
                    f"{told['site']}; {told['available']} left"
                    + ("; staff overrode it" if told.get("reason") == "override" else ""))
            elif message.topic.startswith("oversell/call/"):
                say(f"authority   task: phone whoever bought {told['sale']} ({told['state']})")
        for site in self.sites.values():
            for message in self._fresh(site.screen):
                told = json.loads(message.payload)
                if message.topic.endswith("/staff"):
                    say(f"{site.name}      staff: an extra seat for {told['sale']}")
                elif message.topic.endswith("/badge"):
                    say(f"{site.name}      badge of {told['sale']} is {told['badge']}")

    def buy(self, letter, item, quantity="1"):
        answer = self.sites[letter].till.buy(item, int(quantity), ref=f"guest at {letter}")
        facts = [answer["basis"], answer["reason"]]
        if answer["basis"] == "snapshot":
            facts += [f"risk {answer['risk']}", f"heard {answer.get('age_s', '?')} s ago"]
        say(f"site-{letter}      {answer['result']} {quantity} of {item}: {', '.join(facts)}")

    def cut(self, letter):
        site = self.sites[letter]
        site.line.cut()
        site.bridge.wait_link("central", "down")
        say(f"site-{letter}      its line is cut")

    def mend(self, letter):
        site = self.sites[letter]
        site.line.restore()
        site.bridge.wait_link("central", "up", "slow")
        say(f"site-{letter}      its line is back")

    def show(self):
        for letter, site in self.sites.items():
            for item in ITEMS:
                shown = site.shown(item)
                rights = f", may sell {shown['rights']} by itself" if "rights" in shown else ""
                say(f"site-{letter}      {item}: {shown['available']} of {shown['capacity']} left"
                    + rights)

    def cases(self):
        print(self.hub.cli("cases", "list").stdout, end="", flush=True)

    def honour(self, number):
        done = self.hub.cli("cases", "resolve", number, "--choose", "honour", "--by", "you")
        print(done.stdout + done.stderr, end="", flush=True)

    def status(self, letter):
        bridge = self.hub if letter == "hub" else self.sites[letter].bridge
        print(bridge.cli("status").stdout, end="", flush=True)

    def wait(self, seconds):
        """For stories that are read from a file: shows what comes meanwhile."""
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            self.tell()
            time.sleep(0.1)


COMMANDS = "buy", "cut", "mend", "show", "cases", "honour", "status", "wait"


def lines(venue):
    """What is typed, or comes from a file; what comes for people meanwhile is shown."""
    typed = b""
    while True:
        print("> " if sys.stdin.isatty() else "", end="", flush=True)
        while b"\n" not in typed:
            if not select.select([sys.stdin], [], [], 0.2)[0]:
                venue.tell()
                continue
            read = os.read(sys.stdin.fileno(), 4096)
            if not read and not typed:
                return
            typed += read or b"\n"
        line, _, typed = typed.partition(b"\n")
        yield line.decode(errors="replace")


def play(stage):
    venue = Venue(stage)
    venue.open()
    say(f"three sites and a hub are open: 10 in the hall, 12 tables; the central broker has port "
        f"{venue.central.port}; try: help, cut a")
    for line in lines(venue):
        words = line.split("#")[0].split()
        if words[:1] == ["quit"]:
            break
        if not words or words[0] not in COMMANDS:
            print(__doc__ if words else "", end="")
            continue
        try:
            getattr(venue, words[0])(*words[1:])
            venue.wait(0.3)
        except (TypeError, KeyError, ValueError):
            print(f"not understood: {line}; try: help")
    venue.tell()


def on_endings(handler):
    for ending in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(ending, handler)


# Ctrl-C goes to brokers and bridges, too: nobody is left whose books could be asked for at the end.
whole = Stage().__enter__()
on_endings(signal.default_int_handler)
try:
    play(whole)
except KeyboardInterrupt:
    print()
finally:
    on_endings(signal.SIG_IGN)
    whole.end(keep=False)
