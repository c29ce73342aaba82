"""A plan: the setting of an episode and its list of actions, all drawn from a seed. Pure, and
printable: the text of a plan is read back by parse(), so that a shortened one can be kept.

Each step draws from a chance of its own, and a kind that is off leaves its step out. So turning a
kind on leaves the other steps of a seed as they were.
"""
import random
from dataclasses import dataclass, field

from kinds import ALWAYS, SCRIPTED, TRAITS, WEIGHTS

STEPS = (8, 20)      # in a plan, beside those that are left out
STEPS_DRAWN = 1000
SIZES = (0, 10, 200, 1000)
SITE_TOPICS = ("pos/1/sale", "pos/1/sale", "pos/2/sale", "pos/2/refund/a", "shelf/3", "menu/5")
UNWANTED = ("other/1", "menu/1/2")


@dataclass(frozen=True)
class Action:
    kind: str
    what: dict = field(default_factory=dict)

    def __getitem__(self, name):
        return self.what[name]

    def __str__(self):
        return " ".join([self.kind, *(f"{name}={value}" for name, value in self.what.items())])


@dataclass(frozen=True)
class Plan:
    setting: dict
    actions: tuple

    def __str__(self):
        return "\n".join(map(str, (Action("setting", self.setting), *self.actions)))

    def only(self, actions):
        return Plan(self.setting, tuple(actions))


def _value(text):
    for kind in int, float:
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def setting(text):
    """What is written so: pairs, as in the first line of a plan."""
    return {name: _value(value) for name, _, value in
            (pair.partition("=") for pair in text.split())}


def parse(text):
    """The plan that was printed so; lines that begin with # are left out."""
    actions = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            kind, _, what = line.partition(" ")
            actions.append(Action(kind, setting(what)))
    assert actions[0].kind == "setting", "a plan begins with its setting"
    return Plan(actions[0].what, tuple(actions[1:]))


class _Draw:
    """The actions of one step."""

    def __init__(self, chance, setting):
        self.chance, self.setting = chance, setting
        self.sites = ["a", "b"][:setting["bridges"]]

    def site(self):
        return self.chance.choice(self.sites)

    def place(self):
        """A broker: that of a site, or the central one."""
        return self.chance.choice([*self.sites, "central", "central"])

    def line(self):
        return f"{self.site()}-{self.chance.choice(('site', 'central', 'central'))}"

    def topic(self, place):
        if place != "central":
            return self.chance.choice(SITE_TOPICS)
        site = self.site()
        return self.chance.choice([f"stores/{site}/orders/1", f"stores/{site}/orders/1",
                                   f"stores/{site}/orders/all", "catalogue/5"])

    def publishing(self, count=(1, 12), sizes=SIZES, **more):
        place = self.place()
        return Action("publish", {
            "at": place, "topic": self.topic(place), "qos": self.chance.choice((0, 1, 1, 1, 2)),
            "count": self.chance.randint(*count), "size": self.chance.choice(sizes), **more})

    def keeping(self, kind):
        """A retained value, or its end."""
        place = self.place()
        above = "catalogue" if place == "central" else "menu"
        return Action(kind, {"at": place, "qos": self.chance.choice((0, 0, 1, 2)),
                             "topic": f"{above}/{self.chance.randint(1, 4)}"})

    def traffic(self):
        return [self.publishing() for _ in range(self.chance.randint(0, 3))]

    def pause(self, up_to=0.6):
        return [Action("pause", {"s": round(self.chance.uniform(0.02, up_to), 2)})]

    def around(self, first, last, up_to=1.5, ends=0.7, meanwhile=()):
        """A fault, what happens meanwhile, and most times its end: else another fault comes on
        top, and everything is mended when the world settles."""
        end = [last] if last and self.chance.random() < ends else []
        return [*self.traffic(), first, *self.traffic(), *self.pause(up_to), *meanwhile,
                *self.traffic(), *end]

    def looked_at(self, actions):
        """At times the world settles at once, before another connection hides what was wrong."""
        return [*actions, *([Action("settle")] if self.chance.random() < 0.5 else [])]

    def step(self, kind):
        return getattr(self, "_" + kind.replace("-", "_"))()

    def _publish(self):
        return [self.publishing()]

    def _big(self):
        return [self.publishing(count=(1, 3), sizes=(3_000, 70_000, 300_000))]

    def _burst(self):
        return [self.publishing(count=(100, 400), sizes=(10, 200))]

    def _heavy(self):
        """Many or large ones, not acknowledged when the bridge dies. kept_seeds/heavy.plan has more
        than was ever kept in memory; to look through so much takes a busy machine minutes."""
        site = self.site()
        line = f"{site}-site"
        # Only over MQTT 3.1.1 so many are on their way at once: 5 has a Receive Maximum.
        old = str(self.setting["site_protocol"]) == "3.1.1"
        many = old and self.chance.random() < 0.25
        count, size = (20_000, 60) if many else (60, 200_000)
        return [Action("eat", {"line": line, "sender": "bridge"}),
                Action("publish", {"at": site, "topic": "pos/1/sale", "qos": 1, "count": count,
                                   "size": size}),
                Action("taken", {"at": site}), Action("pause", {"s": 2}),
                Action("kill", {"bridge": site}), Action("mend", {"line": line}),
                Action("start", {"bridge": site})]

    def _properties(self):
        return [self.publishing(properties=1)]

    def _unwanted(self):
        place = self.place()
        topic = "stores/nobody/orders/1" if place == "central" else self.chance.choice(UNWANTED)
        return [Action("publish", {"at": place, "topic": topic, "qos": 1, "count": 3, "size": 10})]

    def _retained(self):
        return [self.keeping("retain")]

    def _cleared(self):
        return [self.keeping("clear")]

    def _answer(self):
        """A service answers what arrives, with the user properties of the question; at most one."""
        site = self.site()
        return [Action("answer", {"at": "central", "to": f"stores/{site}/orders/answer",
                                  "count": self.chance.randint(1, 4)})]

    def _fan_out(self):
        """A client at a site tells one message that came down to several topics."""
        site = self.site()
        return [Action("answer", {"at": site, "to": topic, "count": 1})
                for topic in ("pos/1/echo", "pos/2/echo")]

    def _subscriber(self):
        place = self.place()
        return self.around(Action("leave", {"at": place}), Action("back", {"at": place}))

    def _cut(self):
        line = self.line()
        return self.around(Action("cut", {"line": line}), Action("mend", {"line": line}))

    def _hang_up(self):
        return [*self.traffic(), Action("hang-up", {"line": self.line()}), *self.traffic()]

    def _black_hole(self):
        line = self.line()
        return self.around(Action("black-hole", {"line": line}), Action("mend", {"line": line}), 3)

    def _slow(self):
        line, delay_s = self.line(), self.chance.choice((0.01, 0.1, 0.4))
        return self.around(Action("slow", {"line": line, "s": delay_s}),
                           Action("mend", {"line": line}))

    def _lost_acknowledgements(self):
        line, sender = self.line(), self.chance.choice(("broker", "bridge"))
        return self.around(Action("eat", {"line": line, "sender": sender}),
                           Action("mend", {"line": line}))

    def _turned_away(self):
        line = self.line()
        return self.looked_at(self.around(Action("turn-away", {"line": line}),
                                          Action("mend", {"line": line})))

    def _kill_bridge(self):
        bridge = self.site()
        return self.around(Action("kill", {"bridge": bridge}), Action("start", {"bridge": bridge}))

    def _restart_bridge(self):
        bridge = self.site()
        return self.around(Action("terminate", {"bridge": bridge}),
                           Action("start", {"bridge": bridge}))

    def _freeze_bridge(self):
        bridge = self.site()
        return self.around(Action("freeze", {"bridge": bridge}),
                           Action("thaw", {"bridge": bridge}), 3)

    def _freeze_broker(self):
        place = self.place()
        return self.around(Action("freeze-broker", {"at": place}),
                           Action("thaw-broker", {"at": place}), 3)

    def _stop_broker(self):
        place = self.place()
        return self.around(Action("stop-broker", {"at": place}),
                           Action("start-broker", {"at": place}))

    def _kill_broker(self):
        place = self.place()
        return self.around(Action("kill-broker", {"at": place}),
                           Action("start-broker", {"at": place}))

    def _empty_broker(self):
        place = self.place()
        return self.around(Action("empty-broker", {"at": place}),
                           Action("start-broker", {"at": place}))

    def _put_back(self):
        """A broker becomes what it was a while ago."""
        place = self.place()
        return [Action("settle"), Action("copy", {"at": place}), *self.traffic(),
                self.keeping("retain"), *self.pause(2), *self.traffic(),
                Action("put-back", {"at": place}), *self.traffic(),
                Action("start-broker", {"at": place})]

    def _forgets_again(self):
        """A broker is killed each time that all is well again."""
        place = self.place()
        kill, start = Action("kill-broker", {"at": place}), Action("start-broker", {"at": place})
        return [*self.traffic(), Action("settle"), kill, start, *self.traffic(),
                Action("settle"), kill, start]

    def _switch(self, *switches, quiet=False):
        """The configuration changes; at times it is later changed back."""
        bridge, switch = self.site(), self.chance.choice(switches)
        change = {"bridge": bridge, "switch": switch}
        if quiet:
            return [Action("configure", {**change, "on": 1}), *self.traffic(),
                    Action("configure", {**change, "on": self.chance.choice((0, 1))})]
        return self.around(Action("configure", {**change, "on": 1}),
                           Action("configure", {**change, "on": 0}), ends=0.4)

    def _route_added(self):
        return self._switch("added")

    def _route_removed(self):
        return self._switch("removed")

    def _route_narrowed(self):
        return self._switch("narrowed")

    def _route_split(self):
        return self._switch("split")

    def _route_widened(self):
        return self._switch("widened")

    def _to_changed(self):
        return self._switch("to")

    def _lane_changed(self):
        return self._switch("lane")

    def _client_id(self):
        return self._switch("site-id", "central-id")

    def _payload_limit(self):
        """All settles before the limit goes again: what is over it has to be read past. One at
        least comes over each link, by a route that every configuration has."""
        begin, *rest = self._switch("payload", quiet=True)
        big = [self.publishing(count=(1, 2), sizes=(3_000, 300_000))
               for _ in range(self.chance.randint(0, 2))]
        for place, topic in (begin["bridge"], "pos/2/sale"), ("central", "catalogue/5"):
            big.append(Action("publish", {"at": place, "topic": topic, "qos": 1, "count": 1,
                                          "size": 300_000}))
        return [begin, *big, Action("settle"), *rest]

    def _lane_limit(self):
        return self._switch("tight")

    def refusing(self, action, place="central"):
        """What is refused waits; all else crosses meanwhile."""
        return self.around(action, Action("allow", {"at": place}), 3,
                           meanwhile=[Action("others-cross")])

    def _refused_topic(self):
        """mosquitto 2.0.11 may close the connection over a denied publish."""
        place = self.place()
        if self.paho and (place != "central" or self.setting["central"] != "scripted"):
            return []
        refused = (f"stores/{self.site()}/sales/1" if place == "central" else
                   self.chance.choice(("orders/1", "prices/5")))
        return self.refusing(Action("refuse", {"at": place, "topic": refused}), place)

    def _quota(self):
        """It is no topic that is refused: each lane has to wait."""
        return [action for action in self._scripted(Action("quota"))
                if action.kind != "others-cross"]

    def _closes_over(self):
        refused = self._scripted(Action("close-over", {"topic": f"stores/{self.site()}/sales/1"}))
        return [] if self.paho else refused

    @property
    def paho(self):
        """That client does not say over what a connection was closed: a known weak spot."""
        return self.setting["client"] == "paho"

    def _refused_filter(self):
        """A subscription is refused when the bridge connects again."""
        site = self.site()
        refused = self._scripted(Action("refuse-filter", {
            "bridge": site, "code": self.chance.choice((0x80, 0x87, 0x97))}))
        at = next((index for index, one in enumerate(refused) if one.kind == "refuse-filter"), None)
        return [] if at is None else self.looked_at(
            [*refused[:at + 1], Action("restart", {"bridge": site}), *refused[at + 1:]])

    def _scripted(self, action):
        return self.refusing(action) if self.setting["central"] == "scripted" else []

    def _disk_full(self):
        if self.setting["disk"] != "small":
            return []
        bridge = self.site()
        return self.around(Action("fill", {"bridge": bridge}), Action("free", {"bridge": bridge}))

    def _settle(self):
        return [Action("settle")]


def make(seed, kinds, fixed=None):
    """The plan of a seed, of these kinds of actions; what is `fixed` of the setting stays so."""
    chance = random.Random(f"{seed}")
    world = {"bridges": chance.choice((1, 1, 2)),
               "persistence": chance.choice(("both", "both", "site", "central", "none")),
               "sync": chance.choice(("full", "normal")),
               "central": chance.choice(("mosquitto", "mosquitto", "scripted")),
               "disk": chance.choice(("large",) * 5 + ("small",)),
               "site_protocol": chance.choice((5,) * 5 + ("3.1.1",)),
               "central_protocol": chance.choice((5,) * 5 + ("3.1.1",)),
               "client": chance.choice(("native",) * 5 + ("paho",)),
               "inflight": chance.choice((20, 20, 1000, 30_000))}
    traits = chance.choice(("none", *TRAITS)) if world["central"] == "scripted" else "none"
    world["trait"] = traits if traits in kinds else "none"
    if world["trait"] == "closes-own":
        world["client"] = "native"  # Paho does not say over what a connection was closed
    world.update(fixed or {})
    often = SCRIPTED if world["central"] == "scripted" else ()
    weights = [weight * (4 if kind in often else 1) for kind, weight in WEIGHTS.items()]
    steps, left = [], chance.randint(*STEPS)
    for step in range(STEPS_DRAWN):
        draw = _Draw(random.Random(f"{seed}/{step}"), world)
        kind = draw.chance.choices(list(WEIGHTS), weights)[0]
        drawn = draw.step(kind) if kind in kinds else []
        steps += [(kind, drawn)] if drawn else []
        if len(steps) == left:
            break
    draw = _Draw(random.Random(f"{seed}/always"), world)
    if ALWAYS in kinds and not draw.paho and ALWAYS not in dict(steps):
        steps.insert(draw.chance.randint(0, len(steps)), (ALWAYS, draw.step(ALWAYS)))
    return Plan(world, tuple(action for _, drawn in steps for action in drawn))
