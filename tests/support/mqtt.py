"""MQTT as the tests' own brokers and clients speak it: packets cut from a stream, taken apart and
put together. Both versions; what breaks the rules raises Malformed. Pure, but for read_packet()."""
import struct
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, \
    UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(1, 16)

SESSION_EXPIRY, AUTH_METHOD, AUTH_DATA, REASON_STRING, SERVER_KEEP_ALIVE = 17, 21, 22, 31, 19
RECEIVE_MAXIMUM, MAXIMUM_QOS, RETAIN_AVAILABLE, USER_PROPERTY = 33, 36, 37, 38
MAXIMUM_PACKET_SIZE, IDENTIFIERS_AVAILABLE, SUBSCRIPTION_IDENTIFIER = 39, 41, 11
TOPIC_ALIAS = 35

_BYTE = {1, 23, 25, MAXIMUM_QOS, RETAIN_AVAILABLE, 40, IDENTIFIERS_AVAILABLE, 42}
_SHORT = {SERVER_KEEP_ALIVE, RECEIVE_MAXIMUM, 34, TOPIC_ALIAS}
_LONG = {2, SESSION_EXPIRY, 24, MAXIMUM_PACKET_SIZE}
_BINARY = {9, AUTH_DATA}


class Malformed(Exception):
    pass


class Reader:
    def __init__(self, data):
        self._data, self._place = data, 0

    def take(self, count):
        part = self._data[self._place:self._place + count]
        if len(part) < count:
            raise Malformed("cut short")
        self._place += count
        return part

    def u8(self):
        return self.take(1)[0]

    def u16(self):
        return struct.unpack(">H", self.take(2))[0]

    def u32(self):
        return struct.unpack(">I", self.take(4))[0]

    def binary(self):
        return bytes(self.take(self.u16()))

    def text(self):
        return self.binary().decode()

    def variable(self):
        value = 0
        for shift in 0, 7, 14, 21:
            byte = self.u8()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise Malformed("a length of five bytes")

    def block(self):
        """Properties, as they are on the wire, without their length."""
        return bytes(self.take(self.variable()))

    def properties(self):
        """A dictionary; user properties are a list of pairs."""
        found = {}
        for name, value, _ in each_property(self.block()):
            if name == USER_PROPERTY:
                found.setdefault(name, []).append(value)
            else:
                found[name] = value
        return found

    def value(self, name):
        """Of the property of that name."""
        if name == USER_PROPERTY:
            return self.text(), self.text()
        if name in _BYTE:
            return self.u8()
        if name in _SHORT:
            return self.u16()
        if name in _LONG:
            return self.u32()
        if name == SUBSCRIPTION_IDENTIFIER:
            return self.variable()
        return self.binary() if name in _BINARY else self.text()

    @property
    def place(self):
        return self._place

    @property
    def more(self):
        return self._place < len(self._data)

    def rest(self):
        return bytes(self.take(len(self._data) - self._place))


class Stream:
    """Cuts bytes into packets."""

    def __init__(self):
        self._rest = b""

    def feed(self, data):
        """Triples of the type, the flags and the body, of each packet that is whole."""
        self._rest += data
        while (packet_end := self._end()) is not None and len(self._rest) >= packet_end[1]:
            begin, end = packet_end
            head, body = self._rest[0], self._rest[begin:end]
            self._rest = self._rest[end:]
            yield head >> 4, head & 15, body

    def _end(self):
        """Where the body begins and ends; None while its length is not there."""
        size = 0
        for index, byte in enumerate(self._rest[1:5]):
            size |= (byte & 127) << 7 * index
            if byte < 128:
                return index + 2, index + 2 + size
        return None


async def read_packet(stream):
    """The next packet of an asyncio.StreamReader: type, flags and body."""
    head, size = (await stream.readexactly(1))[0], 0
    for shift in 0, 7, 14, 21:
        byte = (await stream.readexactly(1))[0]
        size |= (byte & 127) << shift
        if byte < 128:
            return head >> 4, head & 15, await stream.readexactly(size)
    raise Malformed("a length of five bytes")


def each_property(block):
    """Name, value, and the whole property as it is on the wire."""
    reader = Reader(block)
    while reader.more:
        begin, name = reader.place, reader.variable()
        value = reader.value(name)
        yield name, value, block[begin:reader.place]


def user_property(block, name):
    """The value of the first one of that name; empty: there is none."""
    return next((value[1] for what, value, _ in each_property(block)
                 if what == USER_PROPERTY and value[0] == name), "")


@dataclass
class Connect:
    version: int
    clean: bool
    client_id: str
    keep_alive_s: int
    username: str = None
    password: bytes = None
    will: "Publish" = None
    properties: dict = field(default_factory=dict)


@dataclass
class Publish:
    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    packet_id: int = 0
    properties: bytes = b""  # as they are on the wire
    size: int = 0            # of the packet


def connect(body):
    read = Reader(body)
    if read.text() != "MQTT":
        raise Malformed("no MQTT")
    version, flags = read.u8(), read.u8()
    keep_alive_s = read.u16()
    properties = read.properties() if version == 5 else {}
    one = Connect(version, bool(flags & 2), read.text(), keep_alive_s, properties=properties)
    if flags & 4:
        if version == 5:
            read.properties()
        one.will = Publish(read.text(), read.binary(), flags >> 3 & 3, bool(flags & 32))
    if flags & 128:
        one.username = read.text()
    if flags & 64:
        one.password = read.binary()
    return one


def publish(flags, body, version):
    read = Reader(body)
    one = Publish(read.text(), b"", flags >> 1 & 3, bool(flags & 1), size=len(body) + 2)
    if one.qos:
        one.packet_id = read.u16()
    if version == 5:
        one.properties = read.block()
    one.payload = read.rest()
    return one


def subscribe(body, version):
    """The packet id, and pairs of filter and options."""
    read = Reader(body)
    packet_id, filters = read.u16(), []
    if version == 5:
        read.properties()
    while read.more:
        filters.append((read.text(), read.u8()))
    return packet_id, filters


def unsubscribe(body, version):
    read = Reader(body)
    packet_id, filters = read.u16(), []
    if version == 5:
        read.properties()
    while read.more:
        filters.append(read.text())
    return packet_id, filters


def auth(body):
    """Reason and properties."""
    read = Reader(body)
    reason = read.u8() if read.more else 0
    return reason, read.properties() if read.more else {}


def length(count):
    out = bytearray()
    while count >= 128:
        out.append(count & 127 | 128)
        count >>= 7
    return bytes(out) + bytes([count])


def text(value):
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(raw)) + raw


def packet(kind, body, flags=0):
    return bytes([kind << 4 | flags]) + length(len(body)) + body


def properties(values):
    block = b""
    for name, value in values.items():
        block += bytes([name])
        block += (bytes([value]) if name in _BYTE else struct.pack(">H", value) if name in _SHORT
                  else struct.pack(">I", value) if name in _LONG else text(value))
    return length(len(block)) + block


def publication(one, version):
    body = text(one.topic) + (struct.pack(">H", one.packet_id) if one.qos else b"")
    if version == 5:
        body += length(len(one.properties)) + one.properties
    return packet(PUBLISH, body + one.payload, one.qos << 1 | one.retain)


def answer(kind, packet_id, version, reason=0):
    body = struct.pack(">H", packet_id)
    if reason and version == 5:
        body += bytes([reason])
    return packet(kind, body, 2 if kind == PUBREL else 0)


def matches(pattern, topic):
    levels, names = pattern.split("/"), topic.split("/")
    if topic.startswith("$") and levels[0] in ("+", "#"):
        return False
    for place, level in enumerate(levels):
        if level == "#":
            return True
        if place >= len(names) or level not in ("+", names[place]):
            return False
    return len(levels) == len(names)
