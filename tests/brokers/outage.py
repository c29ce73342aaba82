"""An outage under traffic: 5,000 messages go up and 2,000 down while the broker is killed three
times, the bridge once. What arrives at real receivers is counted, and what is missing must be
told.

K9, K13: what a broker loses in a crash
"""
import time

from checks import waits
from others import credentials
from stage.waiting import wait_until

UP, DOWN = 5_000, 2_000
PARTS = 4       # a kill in the middle of all but the last
DEADLINE_S = 120
STILL_S = 30
READY = "receivers/ready"


def outage(stage, broker):
    return Outage(stage, broker).play()


class Outage:
    def __init__(self, stage, broker):
        login, link = credentials(broker)
        self.broker, self.site = broker, stage.broker("site")
        self.till = stage.publisher(self.site)
        self.kitchen = stage.receiver(self.site, "down/#", name="kitchen", numbered=True)
        self.office = stage.publisher(broker, "office", protocol=4, **login)
        self.headquarters = stage.receiver(broker, "up/#", protocol=4, numbered=True, **login)
        self.porter = stage.publisher(broker, "porter", protocol=4, **login)
        # Where a broker forgets sessions it forgets those of the receivers, too.
        self.bridge = stage.bascule(
            self.site, broker, central_link={**link, "settle": "60s", "settle_topic": READY},
            routes=[{"name": "up", "direction": "up", "from": "up/#"},
                    {"name": "down", "direction": "down", "from": "down/#"}])

    def play(self):
        for part in range(PARTS):
            self.traffic(part)
            if part < PARTS - 1:
                self.crash(with_bridge=part == 0)
        started = time.monotonic()
        self.office.wait_acknowledged(DEADLINE_S)
        wait_until(lambda: self.bridge.counters("up")["journaled"] == UP, "all in the journal",
                   DEADLINE_S)
        self.bridge.wait_drained(DEADLINE_S)
        comes(self.headquarters, UP)
        comes(self.kitchen, DOWN)
        self.bridge.check_books()
        print(f"    settled in {time.monotonic() - started:.0f} s")
        return self.answers()

    def traffic(self, part):
        """A part of the messages; ends when a third of it has crossed."""
        for publisher, topic, count in (self.till, "up/1", UP), (self.office, "down/1", DOWN):
            share = count // PARTS
            publisher.publish_numbered(topic, part * share + 1, (part + 1) * share)
        before = len(self.headquarters.unique)
        wait_until(lambda: len(self.headquarters.unique) >= before + UP // PARTS // 3,
                   lambda: f"traffic, has {len(self.headquarters.unique)}", DEADLINE_S)

    def crash(self, with_bridge):
        self.broker.kill()
        if with_bridge:
            self.bridge.kill()
        self.broker.start()
        if with_bridge:
            self.bridge.start(up=False)
        self.headquarters.wait_back(DEADLINE_S)
        wait_until(lambda: self.porter.here, "porter to be back", DEADLINE_S)
        self.bridge.wait_up()  # it hears only what is said while it is there
        self.porter.publish(READY, "yes")

    def answers(self):
        status = self.bridge.status()
        told = [(row["reason"], row["first"], row["last"]) for row in self.bridge.losses()
                if row["direction"] == "up" and row["lane"] == "default"]
        came = {int(one.payload) for one in self.headquarters.unique}
        missing = set(range(1, UP + 1)) - came
        silent = [number for number in missing
                  if not any(first <= number <= last for _, first, last in told)]
        down = {one.payload for one in self.kitchen.unique}
        lost = [one for one in self.office.acknowledged() if one not in down]
        forgot = status["links"]["central"]["forgot"]
        words = [what for what in ("sessions", "bookmarks") if forgot and forgot[what]]
        print(f"    up: {len(came)} of {UP} unique, {len(self.headquarters.all)} arrivals, "
              f"{len(silent)} missing and not in the ledger {ranges(silent)}; "
              f"down: {len(down)} of {DOWN} unique, "
              f"{len(self.kitchen.all)} arrivals, {len(lost)} acknowledged and lost; "
              f"ledger {told}, quarantine {status['quarantine']['messages']}, forgot {forgot}")
        assert status["quarantine"]["messages"] == 0, status["quarantine"]
        return {"outage, up": word(missing, silent), "outage, down": "part" if lost else "all",
                "outage: it forgets, says status": " and ".join(words) or "no"}


def comes(receiver, count):
    """Waits until so many have, or nothing has for a while. On a busy machine nats-server delivers
    again what was not acknowledged in time, three times as much as there is."""
    for _ in range(DEADLINE_S // STILL_S):
        arrivals = len(receiver.all)
        if waits(lambda: len(receiver.unique) >= count, STILL_S) or len(receiver.all) == arrivals:
            return


def ranges(numbers):
    """Of whole numbers, as pairs of the first and the last."""
    found = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def word(missing, silent):
    if not missing:
        return "all"
    return "part, and not told" if silent else "part, the rest is told"
