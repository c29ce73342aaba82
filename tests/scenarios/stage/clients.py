"""The devices and systems around the bridge: one that publishes, one that receives."""
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from stage.waiting import wait_until

DAY_S = 24 * 3600


class _Client:
    """A paho client that keeps itself connected, and its session with the broker."""

    def __init__(self, broker, name, protocol, username=None, password=None, ca=None):
        self.name, self._protocol = name, protocol
        if protocol == 5:
            self._client = mqtt.Client(name, protocol=mqtt.MQTTv5)
        else:
            self._client = mqtt.Client(name, clean_session=False, protocol=mqtt.MQTTv311)
        if username:
            self._client.username_pw_set(username, password)
        if ca:
            self._client.tls_set(str(ca))
        self._up = threading.Event()
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = lambda *_: self.on_down()
        self._client.reconnect_delay_set(1, 1)
        self._client.max_queued_messages_set(0)
        self._broker = broker

    def connect(self):
        options = {}
        if self._protocol == 5:
            session = Properties(PacketTypes.CONNECT)
            session.SessionExpiryInterval = DAY_S
            options = {"clean_start": False, "properties": session}
        self._client.connect("127.0.0.1", self._broker.port, keepalive=60, **options)
        self._client.loop_start()
        assert self._up.wait(60), f"{self.name} cannot connect to {self._broker.url}"

    def _on_connect(self, client, _, flags, reason, *__):
        if reason == 0:
            self.on_up()
            self._up.set()

    def on_up(self):
        pass

    def on_down(self):
        self._up.clear()

    def leave(self):
        """Disconnects; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_stop()
        self._up.clear()

    def back(self):
        self.connect()

    @property
    def here(self):
        return self._up.is_set()


class Publisher(_Client):
    """Publishes, and knows what the broker has acknowledged. One thread uses it."""

    def __init__(self, broker, name="till-1", protocol=5, **login):
        super().__init__(broker, name, protocol, **login)
        self._sent = {}              # packet id: payload
        self._acknowledged = set()   # packet ids
        # No lock here: paho calls this holding one that publish() takes.
        self._client.on_publish = lambda _, __, mid: self._acknowledged.add(mid)
        self.connect()

    def publish(self, topic, payload, qos=1, retain=False, **properties):
        """The keywords are paho's names of MQTT 5 properties; UserProperty takes pairs."""
        block = None
        if self._protocol == 5 and properties:
            block = Properties(PacketTypes.PUBLISH)
            for name, value in properties.items():
                setattr(block, name, value)
        sent = self._client.publish(topic, payload, qos, retain, block)
        assert sent.mid not in self._sent, "more messages than packet ids"
        self._sent[sent.mid] = str(payload)

    def publish_numbered(self, topic, first, last, qos=1, text="{}", **more):
        for number in range(first, last + 1):
            self.publish(topic, text.format(number), qos, **more)

    def acknowledged(self):
        """The payloads that the broker has acknowledged, in the order of publishing."""
        return [payload for mid, payload in self._sent.items() if mid in self._acknowledged]

    def wait_acknowledged(self, deadline_s=60):
        wait_until(lambda: len(self._acknowledged) == len(self._sent),
                   lambda: f"{self.name}: {len(self._sent)} acknowledged, "
                           f"are {len(self._acknowledged)}", deadline_s)


@dataclass
class Received:
    topic: str
    payload: str
    qos: int
    retain: bool
    properties: object = None
    user: dict = field(default_factory=dict)

    @property
    def stamp(self):
        return self.user.get("bascule-stamp")

    @property
    def identity(self):
        """Origin, epoch, lane and sequence: equal for a repeat. None without a stamp."""
        return self.stamp and tuple(self.stamp.split("/")[:4])


class Receiver(_Client):
    """Collects what arrives, and drops repeats by their stamp as receivers should. What the bridge
    publishes about itself, under bascule/, is kept apart. `numbered`: no two messages have the same
    payload, so that repeats are known without a stamp, too."""

    def __init__(self, broker, *filters, name="headquarters", protocol=5, qos=1, numbered=False,
                 **login):
        super().__init__(broker, name, protocol, **login)
        self._filters = [(one, qos) for one in filters or ("#",)]
        self._numbered = numbered
        self.all = []
        self.unique = []
        self.internal = []
        self._seen = set()
        self._subscribed = threading.Event()
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self.connect()
        assert self._subscribed.wait(60), f"{name} cannot subscribe"

    def on_up(self):
        self._client.subscribe(self._filters)

    def on_down(self):
        super().on_down()
        self._subscribed.clear()

    def wait_back(self, deadline_s=60):
        """Connected and subscribed, also after its broker has been away."""
        wait_until(self._subscribed.is_set, f"{self.name} to be back", deadline_s)

    def _on_message(self, _, __, message):
        properties = getattr(message, "properties", None)
        user = dict(getattr(properties, "UserProperty", []))
        received = Received(message.topic, message.payload.decode(errors="replace"), message.qos,
                            bool(message.retain), properties, user)
        if message.topic.startswith("bascule/"):
            self.internal.append(received)
            return
        self.all.append(received)
        identity = received.identity or (self._numbered and received.payload)
        if not identity or identity not in self._seen:
            self._seen.add(identity)
            self.unique.append(received)

    @property
    def repeats(self):
        """How many came again on the wire."""
        return len(self.all) - len(self.unique)

    def payloads(self, topic=None):
        return [one.payload for one in self.unique if topic in (None, one.topic)]

    def wait_count(self, count, deadline_s=60):
        wait_until(lambda: len(self.unique) >= count,
                   lambda: f"{self.name}: {count} messages, has {len(self.unique)}", deadline_s)

    def wait_payload(self, payload, deadline_s=60):
        return wait_until(
            lambda: next((one for one in self.unique if one.payload == payload), None),
            f"{self.name}: {payload!r}", deadline_s)

    def expect(self, payloads, topic=None, deadline_s=60):
        """All of them arrive: once each, and in this order."""
        expected = [str(payload) for payload in payloads]
        wait_until(lambda: len(self.payloads(topic)) >= len(expected),
                   lambda: f"{self.name}: {len(expected)} messages: "
                           f"{difference(expected, self.payloads(topic))}", deadline_s)
        assert self.payloads(topic) == expected, difference(expected, self.payloads(topic))


def retained_at(broker, *filters, deadline_s=60, username=None, password=None):
    """What is retained at a broker, payloads by topic; the bridges' own topics are left out."""
    values, done = {}, threading.Event()
    fence = f"bascule/fence-{time.monotonic_ns()}"

    def on_message(client, _, message):
        if message.topic == fence:
            done.set()
        elif message.retain and not message.topic.startswith("bascule/"):
            values[message.topic] = message.payload.decode(errors="replace")

    client = mqtt.Client(fence, protocol=mqtt.MQTTv311)
    if username:
        client.username_pw_set(username, password)
    wanted = [(one, 0) for one in (*filters, fence if filters else "#")]
    client.on_connect = lambda *_: client.subscribe(wanted)
    client.on_subscribe = lambda *_: client.publish(fence, "")
    client.on_message = on_message
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        assert done.wait(deadline_s), f"{broker.url} does not tell what is retained"
    finally:
        client.disconnect()
        client.loop_stop()
    return values


def difference(expected, actual):
    """Says in one line how the two lists of payloads differ."""
    missing = sorted(set(expected) - set(actual))
    strange = sorted(set(actual) - set(expected))
    twice = [payload for payload, count in Counter(actual).items() if count > 1]
    order = next((number for number, pair in enumerate(zip(expected, actual))
                  if pair[0] != pair[1]), "nowhere")
    some = lambda payloads: [payload[:20] for payload in payloads[:5]]
    return (f"missing {len(missing)} {some(missing)}, unexpected {len(strange)} {some(strange)}, "
            f"twice {len(twice)} {some(twice)}, first difference at {order}")
