"""A client that publishes, and knows what became of each message. It is not paho, whose publisher
and mosquitto 2.0.11 lose a message, or never come together again, when both meet at a reconnect:
this one sends after CONNACK alone, and few at once.

It connects by itself, for as long as it lives. What the broker has not acknowledged it sends again
on the next connection, in order: with DUP if the broker has kept the session, else as new.
"""
import contextlib
import select
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass

import mqtt

RETRY_S, CONNECT_S = 0.2, 5
_TEXTS = {"content_type": 0x03, "response_topic": 0x08, "correlation": 0x09}


def _property_block(user, texts):
    block = b"".join(bytes([_TEXTS[name]]) + mqtt.text(value) for name, value in texts.items())
    block += b"".join(b"\x26" + mqtt.text(name) + mqtt.text(value)
                      for name, value in user)
    return mqtt.length(len(block)) + block


@dataclass
class _Publish:
    body: bytes        # behind the packet id
    topic: bytes
    qos: int
    retain: bool
    number: int = 0    # packet id, once it is on its way
    received: bool = False


class Source:
    def __init__(self, broker, name, in_flight):
        self.name, self._broker, self._window = name, broker, in_flight
        self._lock = threading.Lock()
        self._waiting, self._in_flight = deque(), {}   # both in the order of publishing
        self.refused = []                              # topics and reason codes
        self._last_number = 0
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._ended = False
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def publish(self, topic, payload, qos=1, retain=False, user=(), **texts):
        """`user` are pairs; the keywords are content_type, response_topic, correlation."""
        body = _property_block(user, texts) + payload.encode()
        with self._lock:
            self._waiting.append(_Publish(body, mqtt.text(topic), qos, retain))
        self._call()

    def quiet(self):
        """Nothing above QoS 0 waits for its acknowledgement."""
        with self._lock:
            return not self._in_flight and not any(one.qos for one in self._waiting)

    def leave(self):
        self._ended = True
        self._call()
        self._thread.join(CONNECT_S + 1)

    def _call(self):
        """The thread looks up. While its broker is away it does not listen: then the calls of
        before will do."""
        with contextlib.suppress(BlockingIOError):
            self._wake.send(b"x")

    def _live(self):
        while not self._ended:
            try:
                with socket.create_connection(("127.0.0.1", self._broker.port), CONNECT_S) as link:
                    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._serve(link)
            except OSError:
                pass
            time.sleep(RETRY_S)

    def _serve(self, link):
        link.sendall(mqtt.packet(mqtt.CONNECT, mqtt.text(b"MQTT") + b"\x05\x00\x00\x00"
                                 + b"\x05\x11" + struct.pack(">I", 86_400)
                                 + mqtt.text(self.name)))
        link.settimeout(None)
        packets, up = mqtt.Stream(), False
        while not self._ended:
            ready, _, _ = select.select([link, self._woken], [], [])
            if self._woken in ready:
                self._woken.recv(4096)
            if link in ready:
                data = link.recv(65536)
                if not data:
                    return
                for kind, _, raw in packets.feed(data):
                    body = mqtt.Reader(raw)
                    if kind == mqtt.CONNACK:
                        up = True
                        self._again(link, present=bool(body.u8() & 1))
                    elif kind in (mqtt.PUBACK, mqtt.PUBREC, mqtt.PUBCOMP):
                        self._answered(link, kind, body)
            if up:
                self._send(link)

    def _again(self, link, present):
        """What the broker of an earlier connection had not acknowledged."""
        with self._lock:
            for one in self._in_flight.values():
                one.received = one.received and present
                self._transmit(link, one, again=present)

    def _send(self, link):
        with self._lock:
            while self._waiting and len(self._in_flight) < self._window:
                one = self._waiting.popleft()
                if one.qos:
                    self._last_number = one.number = self._last_number % 65535 + 1
                    self._in_flight[one.number] = one
                self._transmit(link, one, again=False)

    def _transmit(self, link, one, again):
        number = struct.pack(">H", one.number) if one.qos else b""
        if one.received:
            link.sendall(mqtt.packet(mqtt.PUBREL, number, 2))
        else:
            flags = one.retain | one.qos << 1 | (8 if again else 0)
            link.sendall(mqtt.packet(mqtt.PUBLISH, one.topic + number + one.body, flags))

    def _answered(self, link, kind, body):
        packet_id = body.take(2)
        code = (body.rest() or b"\0")[0]
        number = struct.unpack(">H", packet_id)[0]
        with self._lock:
            one = self._in_flight.get(number)
            if kind == mqtt.PUBREC and code < 0x80:
                if one:
                    one.received = True
                link.sendall(mqtt.packet(mqtt.PUBREL, packet_id, 2))
                return
            self._in_flight.pop(number, None)
            if one and code >= 0x80 and kind != mqtt.PUBCOMP:
                self.refused.append((one.topic.decode(errors="replace"), code))
