"""What every link has to do with every broker, and what it finds out about that broker.

A check asserts what a link itself promises, whatever the broker: nothing that was not acknowledged
is forgotten by it, each publish has one outcome, nothing arrives changed, no storm of connections.
What depends on the broker it returns as an answer, for the table.
"""
from puppet import Puppet
from stage.waiting import holds_for, wait_until

COUNT = 50
QOS2_AT_ONCE = 10  # mosquitto 2.0.11 closes on more than 20, with MQTT 3.1.1 too
CLIENTS = "native", "paho"
PROTOCOLS = "5", "3.1.1"


class Pair:
    """One client with one protocol: names of its own for clients and topics, and its answers."""

    def __init__(self, broker, client, protocol):
        self.broker, self.client, self.protocol = broker, client, protocol
        self.key = f"{client}{protocol[0]}"
        self.answers = {}

    def puppet(self, name, *filters, **more):
        return Puppet(self.broker, self.client, self.protocol, f"{name}-{self.key}", *filters,
                      **more)

    def topic(self, name):
        return f"{self.key}/{name}"


def connects(pair):
    """Whether it comes up at all; 'no' needs a reason in words."""
    puppet = pair.puppet("connects")
    try:
        wait_until(lambda: puppet.ups or puppet.error(), f"{puppet.name} up or refused")
        pair.answers["connects"] = "yes" if puppet.ups else "no"
        assert holds_for(lambda: len(puppet.ups) + len(puppet.downs) < 3, 0.5), puppet.downs
    finally:
        puppet.end()
    return bool(puppet.ups)


def automatic(broker, client):
    """Which version `protocol: auto` ends with."""
    puppet = Puppet(broker, client, "auto", f"auto-{client}")
    try:
        protocol = puppet.wait_up()["protocol"]
        assert puppet.error() is not None
    finally:
        puppet.end()
    return {5: "5", 4: "3.1.1"}[protocol]


def forgets(broker):
    return getattr(broker, "forgets", False)


def verdict(came, wanted):
    """How what came compares with what was accepted, in one word for the table."""
    first = list(dict.fromkeys(came))
    if set(first) != set(wanted):
        return "part" if first else "lost"
    return "out of order" if first != wanted else "once" if len(came) == len(wanted) else "again"


def crosses(pair):
    """Messages of up to a MiB arrive whole; what becomes of those at each QoS. A broker that does
    not take QoS 2 may close over it, so that is the last."""
    topic = pair.topic("crosses")
    into, out = pair.puppet("in", pair.topic("crosses/#")), pair.puppet("out")
    try:
        into.wait_up()
        out.wait_up()
        for qos in 0, 1:
            names = [f"qos {qos}, {number}" for number in range(COUNT)]
            out.wait_accepted([out.publish(f"{topic}/{qos}", name, qos) for name in names])
            arrived = waits(lambda: set(names) <= set(into.payloads()))
            came = [one for one in into.payloads() if one in names]
            assert arrived or qos == 0 or forgets(pair.broker), f"{len(came)} of {COUNT} came"
            pair.answers[f"QoS {qos}"] = verdict(came, names)
        out.wait_accepted([out.publish(f"{topic}/large", "large ", pad=(1 << 20) - 6)])
        large = wait_until(lambda: [one for one in into.received if one["size"] > 1000], "a MiB")
        assert large[0]["size"] == 1 << 20, large
        pair.answers["1 MiB"] = "yes"
        assert len(out.ups) == len(into.ups) == 1, (out.downs, into.downs)
        pair.answers["QoS 2"] = crosses_twice_acknowledged(topic, into, out)
    finally:
        into.end()
        out.end()


def crosses_twice_acknowledged(topic, into, out):
    names = [f"qos 2, {number}" for number in range(COUNT)]
    for first in range(0, COUNT, QOS2_AT_ONCE):
        tags = [out.publish(f"{topic}/2", name, 2) for name in names[first:first + QOS2_AT_ONCE]]
        wait_until(lambda: out.downs or all(tag in out.outcomes for tag in tags), "QoS 2 taken")
        if out.downs:
            return "closes"
    waits(lambda: set(names) <= set(into.payloads()))
    return verdict([one for one in into.payloads() if one in names], names)


def waits(condition, deadline_s=20):
    try:
        return wait_until(condition, "it", deadline_s)
    except AssertionError:
        return False


def retained(pair):
    """Whether a retained message comes to a new subscription, to its topic and to a wildcard."""
    out = pair.puppet("out")
    try:
        out.wait_up()
        out.wait_accepted([out.publish(pair.topic("retained/x"), "kept", retain=True)])
        for name, wanted in ("topic", "retained/x"), ("wildcard", "retained/#"):
            into = pair.puppet(f"retained-{name}", pair.topic(wanted))
            try:
                into.wait_up()
                # A message behind it tells that it would have come.
                out.publish(pair.topic("retained/x"), "behind it")
                into.wait_received(["behind it"])
                came = [one for one in into.received if one["payload"] == "kept"]
                pair.answers[f"retained, {name}"] = "yes" if came else "no"
                assert len(into.received) <= 2, into.received
            finally:
                into.end()
    finally:
        out.end()


def held_back(pair):
    """What was not acknowledged comes again after a dropped connection; what was, does not."""
    topic = pair.topic("held")
    into, out = pair.puppet("held", topic, keeps=True), pair.puppet("out")
    try:
        into.wait_up()
        out.wait_up()
        out.publish(topic, "first")
        into.wait_received(["first"])
        into.drop()
        wait_until(lambda: into.payloads().count("first") == 2, f"{into.name}: first, again")
        again = into.received[-1]
        pair.answers["DUP"] = "yes" if again["duplicate"] else "no"
        into.keep(False)
        into.acknowledge(again["tag"])
        pair.answers["session flag"] = "yes" if into.wait_up(2)["session"] else "no"
        out.publish(topic, "second")
        into.wait_received(["second"])
        out.publish("elsewhere/" + topic, "behind the acknowledgements")
        into.wait_accepted([into.publish("elsewhere/" + topic, "x")])
        into.drop()
        into.wait_up(3)
        out.publish(topic, "third")
        into.wait_received(["third"])
        came = into.payloads()
        assert came.count("first") == 2 and came.count("second") == 1, came
        pair.answers["held back"] = "comes again"
    finally:
        into.end()
        out.end()


TOPICS = {"a.b": "dot", "a b": "space", "a*b": "star"}


def topics(pair):
    """What becomes of topics that are legal, and odd to a broker that maps them to its own."""
    for odd in TOPICS:
        into = pair.puppet(f"odd-{TOPICS[odd]}", pair.topic("odd/#"))
        out = pair.puppet(f"out-{TOPICS[odd]}")
        try:
            into.wait_up()
            out.wait_up()
            tag = out.publish(pair.topic(f"odd/{odd}"), odd)
            wait_until(lambda: out.outcomes.get(tag) or out.downs, f"{odd} taken or not")
            if out.downs:
                pair.answers[odd] = "closes"
                continue
            into.wait_received([odd])
            came = into.received[-1]["topic"].removeprefix(pair.topic("odd/"))
            pair.answers[odd] = "same" if came == odd else came
        finally:
            out.end()
            into.end()


class Away:
    """A session whose owner is away while messages come for it, and perhaps while the broker is
    restarted."""

    def __init__(self, pair, name):
        self.pair, self.name = pair, name
        self.topic = pair.topic(name.replace(" ", "-").replace(",", ""))
        into, out = self._subscriber(), pair.puppet("out")
        try:
            into.wait_up()
            into.end()
            out.wait_up()
            self.wanted = [f"{name} {number}" for number in range(COUNT)]
            out.wait_accepted([out.publish(self.topic, text) for text in self.wanted])
        finally:
            into.end()
            out.end()

    def _subscriber(self):
        return self.pair.puppet(self.topic.split("/")[1], self.topic)

    def back(self):
        into, out = self._subscriber(), self.pair.puppet("out")
        try:
            into.wait_up()
            out.wait_up()
            out.publish(self.topic, "behind them")
            into.wait_received(["behind them"])
            came = [one for one in into.payloads() if one != "behind them"]
            assert len(into.ups) == 1, into.downs
            word = verdict(came, self.wanted)
            self.pair.answers[self.name] = "kept" if word == "once" else word
        finally:
            into.end()
            out.end()
