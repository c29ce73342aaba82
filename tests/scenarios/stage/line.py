"""The line between a bridge and a broker, as a TCP proxy that can fail in all the ways lines do."""
import socket
import threading
import time

from stage.broker import free_port

PUBLISH, PUBACK, PUBREC = 3, 4, 5  # MQTT packet types
REASON_STRING = 0x1F


class _Packets:
    """Cuts a byte stream into MQTT packets."""

    def __init__(self):
        self._rest = b""

    def feed(self, data):
        data, start = self._rest + data, 0
        while (end := self._end(data, start)) is not None:
            yield data[start:end]
            start = end
        self._rest = data[start:]

    @staticmethod
    def _end(data, start):
        length = 0
        for index in range(4):
            if start + 1 + index >= len(data):
                return None
            byte = data[start + 1 + index]
            length |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                end = start + 2 + index + length
                return end if end <= len(data) else None
        return None


def _topic(publish):
    """Of a PUBLISH, and where it ends."""
    start = 1
    while publish[start] & 0x80:
        start += 1
    end = start + 3 + int.from_bytes(publish[start + 1:start + 3], "big")
    return publish[start + 3:end], end


class Line:
    """Stands before a broker: give the bridge the line in the broker's place. A raw line knows of
    no packets: it is faster, carries TLS and WebSockets too, and cannot eat()."""

    def __init__(self, broker, raw=False):
        self._broker_port = broker.port
        self._scheme = broker.url.split("://")[0] if raw else "mqtt"
        self.passed_bytes = 0  # of a raw line
        self._raw = raw
        self._lock = threading.Lock()
        self._to_bridge = threading.Lock()
        self._sockets = []
        self._listener = None
        self._swallow = False
        self._turn_away = False
        self._to_eat = {}     # (sender, packet type): how many more
        self.eaten = 0
        self.hung_up = 0      # over something it does not stand
        self.cannot_stand = None
        self.refuse = None    # a function of a topic: the reason code, 0 to let it pass
        self.words = b"so says the line"
        self.refused = 0
        self.loses = None     # a function of a packet: it vanishes
        self.delay_s = 0
        self.only_one = None  # connection at a time: the "first", or the "last"
        self.port = free_port()
        self.restore()

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def hampered(self):
        """Whether it is open, and yet not as it should be."""
        return self._swallow or self._turn_away or self.delay_s > 0

    def cut(self):
        """Ends every connection; new ones are refused."""
        with self._lock:
            self._swallow = False
            if self._listener:
                self._listener.shutdown(socket.SHUT_RDWR)
                self._listener.close()
                self._listener = None
        self.hang_up()

    def hang_up(self):
        """Ends every connection; new ones are welcome."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def restore(self):
        """The line is good again, on the same port."""
        with self._lock:
            self._swallow = self._turn_away = False
            if self._listener:
                return
            self._listener = socket.socket()
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind(("127.0.0.1", self.port))
            self._listener.listen()
            threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def swallow(self):
        """A black hole: connections stay open, and nothing comes out at the other end. What was
        swallowed is gone; end it with hang_up() and restore()."""
        self._swallow = True

    def turn_away(self):
        """Whoever connects is let in, and closed without a word, as a balancer does whose servers
        are away; end it with restore()."""
        self._turn_away = True
        self.hang_up()

    def eat(self, sender, packet_type, count=1):
        """The next `count` packets of that type from `sender` ("broker", "bridge") vanish."""
        self._to_eat[sender, packet_type] = count

    def _accept(self, listener):
        while True:
            try:
                bridge, _ = listener.accept()
            except OSError:
                return  # cut
            if self._turn_away or (self.only_one == "first" and self.occupied):
                bridge.close()
                continue
            if self.only_one == "last":
                self.hang_up()
            try:
                broker = socket.create_connection(("127.0.0.1", self._broker_port))
            except OSError:
                bridge.close()  # the broker is down: so are we
                continue
            for one in bridge, broker:  # a line does not wait for more to send
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets += [bridge, broker]
            for pair in ("bridge", bridge, broker), ("broker", broker, bridge):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    @property
    def occupied(self):
        """Whether a connection is open, or something of one that has ended is still to pass."""
        with self._lock:
            return any(one.fileno() != -1 for one in self._sockets)

    def _offended_by(self, sender, packet):
        """`cannot_stand`: a PUBLISH of the bridge with these bytes in its topic makes the broker
        hang up, as some brokers do."""
        return (self.cannot_stand is not None and sender == "bridge" and packet[0] >> 4 == PUBLISH
                and self.cannot_stand in _topic(packet)[0])

    def _refusal(self, packet):
        """The PUBACK of a QoS 1 PUBLISH that `refuse` does not let pass, over MQTT 5, with a reason
        in words as some brokers give it."""
        if self.refuse is None or packet[0] >> 4 != PUBLISH or packet[0] >> 1 & 3 != 1:
            return None
        topic, end = _topic(packet)
        packet_id = packet[end:end + 2]
        code = self.refuse(topic.decode())
        if not code:
            return None
        properties = bytes([REASON_STRING, 0, len(self.words)]) + self.words
        rest = packet_id + bytes([code, len(properties)]) + properties
        return bytes([PUBACK << 4, len(rest)]) + rest

    def _pump(self, sender, source, target):
        try:
            self._pass_on(sender, source, target)
        except OSError:
            pass
        for end in source, target:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        source.close()

    def _pass_on(self, sender, source, target):
        packets = _Packets()
        while data := source.recv(65536):
            if self._swallow:
                continue
            if self.delay_s:
                time.sleep(self.delay_s)
            self.passed_bytes += len(data)
            for packet in [data] if self._raw else packets.feed(data):
                if self._offended_by(sender, packet):
                    self.hung_up += 1
                    return
                if sender == "bridge" and (answer := self._refusal(packet)):
                    self.refused += 1
                    with self._to_bridge:
                        source.sendall(answer)
                    continue
                if not self._raw and self.loses is not None and self.loses(packet):
                    continue
                key = sender, packet[0] >> 4
                if not self._raw and self._to_eat.get(key, 0) > 0:
                    self._to_eat[key] -= 1
                    self.eaten += 1
                elif sender == "broker":
                    with self._to_bridge:
                        target.sendall(packet)
                else:
                    target.sendall(packet)
