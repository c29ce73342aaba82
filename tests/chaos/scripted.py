"""A broker of the tests' own: a small one that keeps what it should, and treats bridges as badly
as it is told to. Its faults concern only clients whose id begins with `bridge-`:

    rate          (count, seconds): publishes beyond so many in so long are answered with QUOTA
    refused       {prefix of a topic: code}: the answer to publishes there
    closes_over   a prefix: a publish there ends the connection, without a word
    deaf          a prefix: what is published there is never answered
    filters       {prefix of a filter: code}: the answer to subscriptions

What it is like for good, whatever is mended, is its `trait`:

    mute          SUBSCRIBE at QoS 2 is never answered
    qos-1         it has no QoS 2, says so, and grants no more
    refuses-own   publishes under bascule/ are answered with 0x87
    closes-own    they end the connection

It looks like a stage.Broker from outside. It runs on a thread of its own; its sessions survive
terminate(), and nothing survives kill().
"""
import asyncio
import socket
import struct
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field

import mqtt
from model import number_of
from stage.broker import free_port

BRIDGES = "bridge-"
IN_FLIGHT = 100
QUOTA = 0x97


@dataclass
class Message:
    topic: str
    payload: bytes
    qos: int
    retain: bool
    properties: bytes = b""


@dataclass
class Session:
    filters: dict = field(default_factory=dict)   # filter: options
    queue: deque = field(default_factory=deque)
    sent: dict = field(default_factory=dict)      # packet id: message, or None once it is released
    held: set = field(default_factory=set)        # packet ids of QoS 2 that came in
    next_id: int = 0


@dataclass
class _Lane:
    connection: object = None
    refused: set = field(default_factory=set)  # numbers, on this connection
    at: float = 0                              # the last time
    known: bool = False                        # to the bridge


class Surprises:
    """Which messages a bridge could not keep in order: those of a lane that the quota refused
    before the bridge could know of it, so that others were on their way behind them. It knows once
    it sends one of them again on the same connection, and for a minute after the last refusal. Then
    it has one on its way at a time, and none of the lane may overtake another."""

    REMEMBERED_S = 60

    def __init__(self):
        self.numbers = set()  # of such messages
        self._lanes = {}      # by client and lane

    def begins_anew(self, client):
        """The bridge."""
        self._lanes = {key: lane for key, lane in self._lanes.items() if key[0] != client}

    def answered(self, connection, block, payload, refused):
        number = number_of(payload[:20].decode(errors="replace"))
        name = mqtt.user_property(block, "bascule-stamp").split("/")[2:3]
        if number is None or not name:
            return
        lane = self._lanes.setdefault((connection.id, name[0]), _Lane())
        now = time.monotonic()
        if lane.connection is not connection:
            lane.connection, lane.refused = connection, set()
        if now > lane.at + self.REMEMBERED_S:
            lane.refused, lane.known = set(), False
        lane.known = lane.known or number in lane.refused
        if refused:
            if not lane.known:
                self.numbers.add(number)
            lane.refused.add(number)
            lane.at = now


class Connection:
    """One client, on the broker's loop."""

    def __init__(self, broker, reader, writer):
        self.broker, self.reader, self.writer = broker, reader, writer
        self.id, self.version, self.window = "", 5, IN_FLIGHT
        self.session = self.will = None
        self.times = deque()

    async def serve(self):
        try:
            while True:
                kind, flags, body = await mqtt.read_packet(self.reader)
                await self.broker.thawed.wait()
                if not self.handle(kind, flags, mqtt.Reader(body)):
                    break
                await self.writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.close()

    def close(self):
        if self.broker.connections.get(self.id) is self:
            del self.broker.connections[self.id]
        if self.will and not self.verdict(self.will.topic):
            self.broker.deliver(self.will, self.id)
        self.will = None
        self.writer.close()

    def send(self, kind, body, flags=0):
        if self.writer.is_closing():
            return
        self.writer.write(mqtt.packet(kind, body, flags))

    @property
    def troubled(self):
        return self.id.startswith(BRIDGES)

    def handle(self, kind, flags, body):
        """Whether the connection goes on."""
        if kind == mqtt.CONNECT:
            return self.connect(body)
        if kind == mqtt.PUBLISH:
            return self.published(flags, body)
        if kind == mqtt.SUBSCRIBE:
            return self.subscribe(body)
        if kind == mqtt.UNSUBSCRIBE:
            return self.unsubscribe(body)
        if kind == mqtt.PINGREQ:
            self.send(mqtt.PINGRESP, b"")
        elif kind == mqtt.PUBREL:
            number = body.take(2)
            self.session.held.discard(number)
            self.send(mqtt.PUBCOMP, number)
        elif kind in (mqtt.PUBACK, mqtt.PUBREC, mqtt.PUBCOMP):
            self.answered(kind, body)
        if kind == mqtt.DISCONNECT:
            self.will = None
            return False
        return True

    def connect(self, body):
        body.text()
        self.version = body.u8()
        flags = body.u8()
        body.u16()
        if self.version == 5:
            self.window = min(IN_FLIGHT, body.properties().get(mqtt.RECEIVE_MAXIMUM, IN_FLIGHT))
        self.id = body.text()
        if flags & 4:
            if self.version == 5:
                body.block()
            self.will = Message(body.text(), body.binary(), flags >> 3 & 3, bool(flags & 32))
        if self.id in self.broker.connections:
            self.broker.connections[self.id].close()
        self.broker.connections[self.id] = self
        self.broker.met(self.id)
        if flags & 2:
            self.broker.sessions.pop(self.id, None)
        present = self.id in self.broker.sessions
        self.session = self.broker.sessions.setdefault(self.id, Session())
        limits = b"\x24\x01" if self.troubled and self.broker.trait == "qos-1" else b""
        self.send(mqtt.CONNACK, bytes([present, 0])
                  + (mqtt.length(len(limits)) + limits if self.version == 5 else b""))
        for number, message in list(self.session.sent.items()):
            self.transmit(number, message, again=True)
        self.drain()
        return True

    def answer(self, kind, number, code):
        self.send(kind, number + (bytes([code]) if code and self.version == 5 else b""))

    def published(self, flags, body):
        qos, retain = flags >> 1 & 3, bool(flags & 1)
        topic = body.text()
        number = body.take(2) if qos else b""
        block = body.block() if self.version == 5 else b""
        block = b"".join(whole for what, _, whole in mqtt.each_property(block)
                         if what not in (mqtt.SUBSCRIPTION_IDENTIFIER, mqtt.TOPIC_ALIAS))
        payload = body.rest()
        verdict = self.verdict(topic)
        if self.troubled and qos:
            self.broker.surprises.answered(self, block, payload, verdict == QUOTA)
        if verdict == "close":
            return False
        if verdict == "deaf":
            return True
        if not verdict and not (qos == 2 and number in self.session.held):
            self.broker.deliver(Message(topic, payload, qos, retain, block), self.id)
        if qos == 2 and not verdict:
            self.session.held.add(number)
        if qos:
            self.answer(mqtt.PUBACK if qos == 1 else mqtt.PUBREC, number, verdict)
        return True

    def verdict(self, topic):
        """The reason code for a publish, or what happens instead of an answer."""
        broker = self.broker
        if not self.troubled:
            return 0
        if topic.startswith("bascule/"):
            return {"refuses-own": 0x87, "closes-own": "close"}.get(broker.trait, 0)
        if broker.closes_over and topic.startswith(broker.closes_over):
            broker.closed += 1
            return "close"
        if broker.deaf and topic.startswith(broker.deaf):
            return "deaf"
        code = next((code for prefix, code in broker.refused.items()
                     if topic.startswith(prefix)), 0)
        if not code and broker.rate:
            count, seconds = broker.rate
            now = time.monotonic()
            while self.times and self.times[0] < now - seconds:
                self.times.popleft()
            if len(self.times) >= count:
                code = QUOTA
            else:
                self.times.append(now)
        broker.refusals += bool(code)
        return code

    def subscribe(self, body):
        number = body.take(2)
        if self.version == 5:
            body.block()
        codes, new = b"", []
        while body.more:
            pattern, options = body.text(), body.u8()
            if self.troubled and self.broker.trait == "mute" and options & 3 == 2:
                return True
            if self.troubled and self.broker.trait == "qos-1":
                options = options & ~3 | min(options & 3, 1)
            code = next((code for prefix, code in self.broker.filters.items()
                         if self.troubled and pattern.startswith(prefix)), options & 3)
            codes += bytes([code if self.version == 5 else min(code, 0x80)])
            if code < 0x80:
                new.append((pattern, options, pattern in self.session.filters))
                self.session.filters[pattern] = options
        self.send(mqtt.SUBACK, number + (b"\0" if self.version == 5 else b"") + codes)
        for pattern, options, known in new:
            handling = options >> 4 & 3
            if handling == 0 or handling == 1 and not known:
                for message in self.broker.kept.values():
                    if mqtt.matches(pattern, message.topic):
                        self.queue(message, options, True)
        self.drain()
        return True

    def unsubscribe(self, body):
        number = body.take(2)
        if self.version == 5:
            body.block()
        codes = b""
        while body.more:
            known = self.session.filters.pop(body.text(), None)
            codes += b"\0" if known is not None else b"\x11"
        self.send(mqtt.UNSUBACK, number + (b"\0" + codes if self.version == 5 else b""))
        return True

    def queue(self, message, options, retain):
        self.session.queue.append(Message(message.topic, message.payload,
                                          min(message.qos, options & 3), retain,
                                          message.properties))

    def drain(self):
        session = self.session
        while session.queue and len(session.sent) < self.window:
            message = session.queue.popleft()
            number = 0
            if message.qos:
                while not number or number in session.sent:
                    number = session.next_id = session.next_id % 65535 + 1
                session.sent[number] = message
            self.transmit(number, message)

    def transmit(self, number, message, again=False):
        packet_id = struct.pack(">H", number) if number else b""
        if message is None:
            self.send(mqtt.PUBREL, packet_id, 2)
            return
        block = mqtt.length(len(message.properties)) + message.properties
        self.send(mqtt.PUBLISH, mqtt.text(message.topic) + packet_id
                  + (block if self.version == 5 else b"") + message.payload,
                  message.retain | message.qos << 1 | (8 if again else 0))

    def answered(self, kind, body):
        packet_id, code = body.take(2), (body.rest() or b"\0")[0]
        number = struct.unpack(">H", packet_id)[0]
        if kind == mqtt.PUBREC and code < 0x80:
            if number in self.session.sent:
                self.session.sent[number] = None
            self.send(mqtt.PUBREL, packet_id, 2)
        else:
            self.session.sent.pop(number, None)
            self.drain()


class ScriptedBroker:
    def __init__(self, name, folder, trait="none"):
        self.name, self.port, self.trait = name, free_port(), trait
        self.log_path = folder / f"{name}.log"
        self.sessions, self.kept, self.connections = {}, {}, {}
        self._visits = Counter()
        self.closed = self.refusals = 0
        self.surprises = Surprises()
        self.well()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._server = None
        self._do(self._prepare())
        self.start()

    def well(self):
        """Without a fault."""
        self.rate, self.refused, self.closes_over = None, {}, None
        self.deaf, self.filters = None, {}

    def refuses(self):
        """Prefixes of topics, now."""
        own = ["bascule/"] if self.trait.endswith("-own") else []
        return [*own, *self.refused, *([self.closes_over] if self.closes_over else [])]

    async def _prepare(self):
        self.thawed = asyncio.Event()
        self.thawed.set()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def running(self):
        return self._server is not None

    def log(self):
        return f"{self.closed} closed, {self.refusals} refused\n"

    def start(self):
        async def listen():
            return await asyncio.start_server(
                lambda reader, writer: Connection(self, reader, writer).serve(), "127.0.0.1",
                self.port, family=socket.AF_INET, limit=1 << 24)
        self._server = self._do(listen())

    def terminate(self, deadline_s=0):
        async def end():
            self._server.close()
            for connection in list(self.connections.values()):
                connection.close()
        if self.running:
            self.thaw()
            self._do(end())
            self._server = None

    def kill(self):
        self.terminate()
        self.sessions.clear()
        self.kept.clear()

    empty = leave = stop = kill

    def met(self, client):
        self._visits[client] += 1

    def visits(self, client):
        """How often a client has connected, over all restarts."""
        return self._visits[client]

    def unsubscribe(self, client, topic):
        """A client hears nothing of a topic any more, and is not told."""
        session = self.sessions.get(client, Session())
        for pattern in [one for one in session.filters if mqtt.matches(one, topic)]:
            del session.filters[pattern]

    def hears(self, client, topic):
        return any(mqtt.matches(one, topic)
                   for one in self.sessions.get(client, Session()).filters)

    def freeze(self):
        self._loop.call_soon_threadsafe(self.thawed.clear)

    def thaw(self):
        self._loop.call_soon_threadsafe(self.thawed.set)

    def deliver(self, message, sender):
        """To all that have subscribed, once to each; on the loop."""
        if message.retain:
            self.kept.pop(message.topic, None)
            if message.payload:
                self.kept[message.topic] = message
        for client, session in self.sessions.items():
            fitting = [options for pattern, options in session.filters.items()
                       if mqtt.matches(pattern, message.topic)
                       and not (options & 4 and client == sender)]
            if fitting:
                best = max(fitting, key=lambda options: options & 3)
                session.queue.append(Message(message.topic, message.payload,
                                             min(message.qos, best & 3),
                                             message.retain and bool(best & 8),
                                             message.properties))
                if client in self.connections:
                    self.connections[client].drain()
