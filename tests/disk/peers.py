"""The two brokers of a recording, scripted, so that what the bridge acknowledges is noted at that
moment: one hands numbered messages over, the other takes them."""
import random
import socket
import struct
import threading

import mqtt
from stage.broker import free_port

IN_FLIGHT = 30


class Peer:
    """A broker on a thread of its own, for one client at a time and its connections."""

    def __init__(self):
        self.port = free_port()
        self._listener = None
        self._known = set()  # client ids: their sessions last

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def open(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        stream = mqtt.Stream()
        try:
            while data := connection.recv(1 << 16):
                for kind, flags, body in stream.feed(data):
                    self._handle(connection, kind, flags, body)
        except ConnectionError:
            pass
        self.left(connection)

    def _handle(self, connection, kind, flags, body):
        if kind == mqtt.CONNECT:
            client = mqtt.connect(body).client_id
            connection.sendall(mqtt.packet(mqtt.CONNACK, bytes([client in self._known, 0, 0])))
            self._known.add(client)
        elif kind == mqtt.SUBSCRIBE:
            packet_id, filters = mqtt.subscribe(body, 5)
            connection.sendall(mqtt.packet(mqtt.SUBACK, struct.pack(">H", packet_id) + b"\0"
                                           + bytes(options & 3 for _, options in filters)))
            self.subscribed(connection, [pattern for pattern, _ in filters])
        elif kind == mqtt.PUBLISH:
            one = mqtt.publish(flags, body, 5)
            self.published(one)
            if one.qos:
                answer = mqtt.PUBACK if one.qos == 1 else mqtt.PUBREC
                connection.sendall(mqtt.answer(answer, one.packet_id, 5))
        elif kind == mqtt.PUBREL:
            connection.sendall(mqtt.answer(mqtt.PUBCOMP, struct.unpack(">H", body[:2])[0], 5))
        elif kind == mqtt.PINGREQ:
            connection.sendall(mqtt.packet(mqtt.PINGRESP, b""))
        elif kind in (mqtt.PUBACK, mqtt.PUBREC, mqtt.PUBCOMP):
            self.answered(connection, kind, struct.unpack(">H", body[:2])[0])

    def subscribed(self, connection, filters):
        pass

    def left(self, connection):
        pass

    def published(self, one):
        pass

    def answered(self, connection, kind, packet_id):
        pass


class Site(Peer):
    """Publishes 1, 2, 3 … under pos/, at QoS 1 and 2, small ones and large ones, some at a time,
    until there is no more in the allowance."""

    def __init__(self, mark, seed):
        super().__init__()
        self._mark, self._random = mark, random.Random(seed)
        self._lock = threading.Lock()
        self._connection, self._window = None, {}  # number by packet id
        self.sent = self.taken = self.allowed = 0

    def allow(self, more):
        with self._lock:
            self.allowed += more
            self._send()

    def subscribed(self, connection, filters):
        if any(pattern.startswith("pos/") for pattern in filters):
            with self._lock:
                self._connection = connection
                self._send()

    def left(self, connection):
        with self._lock:
            if self._connection is connection:
                self._connection = None

    def _send(self):
        while self._connection and self.sent < self.allowed and len(self._window) < IN_FLIGHT:
            self.sent += 1
            packet_id = self.sent % 65535 + 1
            self._window[packet_id] = self.sent
            size = self._random.choices((200, 3000, 20_000, 300_000), (80, 12, 7, 1))[0]
            self._connection.sendall(mqtt.publication(mqtt.Publish(
                f"pos/till-{self.sent % 3}", payload(self.sent, self._random.randint(8, size)),
                1 + self.sent % 2, packet_id=packet_id), 5))

    def answered(self, connection, kind, packet_id):
        if kind != mqtt.PUBCOMP:
            self._mark(f"taken {self._window[packet_id]}")
        with self._lock:
            if kind == mqtt.PUBREC:
                connection.sendall(mqtt.answer(mqtt.PUBREL, packet_id, 5))
                return
            del self._window[packet_id]
            self.taken += 1
            self._send()


class Central(Peer):
    def __init__(self, mark):
        super().__init__()
        self._mark = mark
        self.arrived = set()

    def published(self, one):
        if one.topic.startswith("stores/"):
            self._mark(f"arrived {number_of(one.payload)}")
            self.arrived.add(number_of(one.payload))


def payload(number, size):
    """Which number it has can be seen, and whether it is whole."""
    return f"{number} ".ljust(size, chr(97 + number % 26)).encode()


def number_of(content):
    """None: it is not such a payload, or not whole."""
    number = int(content.split(b" ")[0])
    return number if content == payload(number, len(content)) else None
