"""The few packets of MQTT 5 and 3.1.1 that the scripted broker and the source need. Pure."""
import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, \
    UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = range(1, 15)

SUBSCRIPTION_ID, TOPIC_ALIAS, RECEIVE_MAXIMUM, USER_PROPERTY = 0x0B, 0x23, 0x21, 0x26
_SIZES = {0x01: 1, 0x02: 4, 0x11: 4, 0x13: 2, 0x17: 1, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2,
          0x24: 1, 0x25: 1, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}


def length(number):
    data = b""
    while True:
        number, rest = divmod(number, 128)
        data += bytes([rest | 128 if number else rest])
        if not number:
            return data


def packet(kind, body, flags=0):
    return bytes([kind << 4 | flags]) + length(len(body)) + body


def text(value):
    return struct.pack(">H", len(value)) + value


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def length(self):
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def text(self):
        return self.take(self.number(2))

    def block(self):
        return self.take(self.length())

    def rest(self):
        return self.data[self.at:]


class Stream:
    """Cuts bytes into packets."""

    def __init__(self):
        self._rest = b""

    def feed(self, data):
        """Pairs of the type and a Reader of the body, of each packet that is whole."""
        self._rest += data
        while (end := self._head()) is not None and len(self._rest) >= sum(end):
            begin, size = end
            packet_type, body = self._rest[0] >> 4, self._rest[begin:begin + size]
            self._rest = self._rest[begin + size:]
            yield packet_type, Reader(body)

    def _head(self):
        """The length of the fixed header and of the body; None while these are not there."""
        size = 0
        for index, byte in enumerate(self._rest[1:5]):
            size |= (byte & 127) << 7 * index
            if byte < 128:
                return index + 2, size
        return None


def properties(block):
    """Pairs of an identifier and the whole property as it is on the wire."""
    reader = Reader(block)
    while reader.at < len(block):
        begin, what = reader.at, reader.take(1)[0]
        if what in _SIZES:
            reader.take(_SIZES[what])
        elif what == SUBSCRIPTION_ID:
            reader.length()
        else:
            for _ in range(2 if what == USER_PROPERTY else 1):
                reader.text()
        yield what, block[begin:reader.at]


def user_property(block, name):
    """The text of the first one of that name; empty: there is none."""
    for what, whole in properties(block):
        reader = Reader(whole[1:])
        if what == USER_PROPERTY and reader.text() == name.encode():
            return reader.text().decode()
    return ""


def matches(pattern, topic):
    if topic.startswith("$") and pattern[:1] in ("#", "+"):
        return False
    parts, levels = pattern.split("/"), topic.split("/")
    for index, part in enumerate(parts):
        if part == "#":
            return True
        if index >= len(levels) or part not in ("+", levels[index]):
            return False
    return len(parts) == len(levels)
