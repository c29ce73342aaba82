"""A service at which the bridge is a guest, on strings: it speaks TLS on a free loopback port, and
does what the real one publishes of itself, to the letter. Each rule that a client breaks is
counted in `broken`, whatever the service does about it. One session at a time is looked at closely:
the bridge's.

A service is a class with the numbers of its rules, and methods where a number is not enough.
`times` makes all rates so much higher, so that a test of a rate need not last.
"""
import asyncio
import ssl
import threading
import time
from collections import Counter, deque

from services import mqtt
from services.mqtt import Publish

BAD_PASSWORD, NOT_AUTHORIZED, BAD_METHOD, QUOTA = 0x86, 0x87, 0x8c, 0x97
PACKET_TOO_LARGE, TOPIC_INVALID, QOS_NOT_SUPPORTED = 0x95, 0x90, 0x9b
OF_V3 = {BAD_PASSWORD: 4, NOT_AUTHORIZED: 5, BAD_METHOD: 5}  # in a CONNACK


class Refused(Exception):
    """Ends a connection, with a reason for a version that has them."""

    def __init__(self, reason=NOT_AUTHORIZED):
        super().__init__(reason)
        self.reason = reason


class Session:
    def __init__(self):
        self.filters = {}        # to the QoS that was granted
        self.queue = deque()     # what waits while nobody is there
        self.unacknowledged = {}  # packet id: Publish, in order
        self.received = {}       # packet id of QoS 2: Publish
        self.ids = 0


class Service:
    versions = 5,
    maximum_qos = 2
    grants_qos = 2
    retains = True
    identifiers = True
    payload_max = 256 << 20
    topic_bytes_max = 65_535
    slashes_max = 10_000
    filters_at_once = filters_max = 10_000
    in_flight_max = 65_535      # of the client's publishes
    rate = None                 # of its publishes in a second
    queue_max = 1_000_000       # of what waits for a session
    session_expiry_s = None     # at the most
    round_trip_s = 0.02         # before a publish is acknowledged

    def __init__(self, host, certificate, times=1, ca=None):
        """Shows the certificate (certificate, key) to who asks for `host`; with `ca`, clients need
        one of theirs."""
        self.host, self.times = host, times
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*map(str, certificate))
        self._tls.sni_callback = self._named
        if ca:
            self._tls.verify_mode = ssl.CERT_REQUIRED
            self._tls.load_verify_locations(str(ca))
        self.broken = Counter()
        self.accepted = []       # every Publish that was acknowledged, in order
        self.retained = {}
        self.sessions = {}
        self.connects = 0
        self.reauthenticated = 0
        self._here = {}          # client id: Client
        self._loop = asyncio.new_event_loop()
        self._server = None
        self.port = 0
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.start()

    # --- for the scenario's thread ---

    @property
    def url(self):
        return f"mqtts://127.0.0.1:{self.port}"

    def start(self):
        self._ask(self._listen())

    def stop(self):
        """Nobody is let in, and who was in is out. Sessions stay."""
        self._ask(self._close())

    def send(self, topic, payload, qos=1):
        """To whoever is subscribed."""
        async def deliver():
            self.spread(Publish(topic, payload, qos), None)
        self._ask(deliver())

    def payloads(self, topic=None):
        return [one.payload.decode() for one in list(self.accepted) if topic in (None, one.topic)]

    @property
    def log_path(self):
        return f"the service {self.host}"

    def log(self):
        return (f"{self.connects} connections, {len(self.accepted)} publishes accepted, broken: "
                f"{dict(self.broken)}\n")

    def leave(self):
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _ask(self, what):
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    # --- rules that are more than a number; each may raise Refused ---

    def welcome(self, client):
        """The client has shown its CONNECT."""

    def check_publish(self, client, one):
        """Before it is taken."""

    def check_filter(self, client, pattern):
        """Before a subscription is granted."""

    def authenticate(self, client, reason, properties):
        self.breaks("AUTH at a service that has none")
        raise Refused(BAD_METHOD)

    def silent_about(self, client, filters):
        """Whether a SUBSCRIBE is not answered."""
        return False

    def over_rate(self, client, one):
        """What becomes of a publish above the rate: a reason, or None for silence."""
        return QUOTA

    def connack(self):
        """Properties of CONNACK."""
        return {}

    # --- the rest is the same everywhere ---

    def breaks(self, rule):
        self.broken[rule] += 1

    def _named(self, _, name, __):
        if name != self.host:
            self.breaks(f"TLS for {name!r}, not {self.host!r}")
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None

    async def _listen(self):
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self.port or None,
                                                  ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self):
        self._server.close()
        for client in list(self._here.values()):
            client.cut()
        self._here.clear()

    async def _meet(self, reader, writer):
        await Client(self, reader, writer).serve()

    def enter(self, client):
        """True: its session was there."""
        name = client.connect.client_id
        other = self._here.pop(name, None)
        if other:
            other.cut()
        self._here[name] = client
        self.connects += 1
        if client.connect.clean:
            self.sessions.pop(name, None)
        there = name in self.sessions
        client.session = self.sessions.setdefault(name, Session())
        return there

    def exit(self, client):
        if client.connect and self._here.get(client.connect.client_id) is client:
            del self._here[client.connect.client_id]

    def spread(self, one, source):
        if one.retain and self.retains:
            if one.payload:
                self.retained[one.topic] = one
            else:
                self.retained.pop(one.topic, None)
        for name, session in list(self.sessions.items()):
            granted = [qos for pattern, qos in session.filters.items()
                       if mqtt.matches(pattern, one.topic)]
            if not granted:
                continue
            copy = Publish(one.topic, one.payload, min(one.qos, max(granted)), False,
                           properties=one.properties)
            here = self._here.get(name)
            if here:
                here.deliver(copy)
            elif copy.qos:
                session.queue.append(copy)
                if len(session.queue) > self.queue_max:
                    self.breaks("more waits for a session than there is room for")
                    del self.sessions[name]

    def tokens(self):
        return int(self.rate * self.times)


class Client:
    """One connection to a service, on its loop."""

    def __init__(self, service, reader, writer):
        self._service, self._reader, self._writer = service, reader, writer
        self.connect = self.session = None
        self.version = 5
        self._open_qos = set()   # packet ids of publishes that are not acknowledged
        self._tokens, self._filled_at = None, time.monotonic()
        self.timer = None
        self._said_goodbye = False

    async def serve(self):
        try:
            while True:
                head = (await self._reader.readexactly(1))[0]
                size, shift = 0, 0
                while True:
                    byte = (await self._reader.readexactly(1))[0]
                    size |= (byte & 127) << shift
                    shift += 7
                    if byte < 128:
                        break
                body = await self._reader.readexactly(size)
                self._take(head >> 4, head & 15, body)
                await self._writer.drain()
        except Refused as refusal:
            self._refuse(refusal.reason)
        except mqtt.Malformed as error:
            self._service.breaks(f"malformed: {error}")
        except (asyncio.IncompleteReadError, OSError, ssl.SSLError):
            pass
        finally:
            if self.timer:
                self.timer.cancel()
            self._service.exit(self)
            if self.session and self.connect.will and not self._said_goodbye:
                self._service.spread(self.connect.will, self)
            self._writer.close()

    def cut(self):
        self._writer.transport.abort()

    def end_in(self, seconds, reason=NOT_AUTHORIZED):
        """Its right to be here ends then, unless it is given another."""
        if self.timer:
            self.timer.cancel()

        def end():
            self._service.breaks("its token has ended while it was connected")
            self._refuse(reason)
            self._writer.close()
        self.timer = asyncio.get_running_loop().call_later(seconds, end)

    def write(self, data):
        self._writer.write(data)

    def _refuse(self, reason):
        if self.session is None:
            code = reason if self.version == 5 else OF_V3.get(reason, 5)
            self.write(mqtt.packet(mqtt.CONNACK, bytes([0, code])
                                   + (b"\0" if self.version == 5 else b"")))
        elif self.version == 5:
            self.write(mqtt.packet(mqtt.DISCONNECT, bytes([reason])))

    def _take(self, kind, flags, body):
        if self.connect is None:
            if kind != mqtt.CONNECT:
                raise mqtt.Malformed("no CONNECT first")
            return self._connect(body)
        match kind:
            case mqtt.PUBLISH:
                self._publish(mqtt.publish(flags, body, self.version))
            case mqtt.PUBACK | mqtt.PUBCOMP:
                self.session.unacknowledged.pop(mqtt.Reader(body).u16(), None)
            case mqtt.PUBREC:
                packet_id = mqtt.Reader(body).u16()
                self.write(mqtt.answer(mqtt.PUBREL, packet_id, self.version))
            case mqtt.PUBREL:
                packet_id = mqtt.Reader(body).u16()
                self.session.received.pop(packet_id, None)
                self._open_qos.discard(packet_id)
                self.write(mqtt.answer(mqtt.PUBCOMP, packet_id, self.version))
            case mqtt.SUBSCRIBE:
                self._subscribe(*mqtt.subscribe(body, self.version))
            case mqtt.UNSUBSCRIBE:
                self._unsubscribe(*mqtt.unsubscribe(body, self.version))
            case mqtt.PINGREQ:
                self.write(mqtt.packet(mqtt.PINGRESP, b""))
            case mqtt.AUTH:
                self._service.authenticate(self, *mqtt.auth(body))
            case mqtt.DISCONNECT:
                self._said_goodbye = True
                raise OSError("the client has gone")
            case _:
                raise mqtt.Malformed(f"a packet of type {kind}")

    def _connect(self, body):
        service = self._service
        connect = mqtt.connect(body)
        self.version = connect.version
        if connect.version not in service.versions:
            self.write(mqtt.packet(mqtt.CONNACK, b"\0\x01"))
            raise OSError("another version of MQTT")
        if connect.will:
            self._check(connect.will)
        self.connect = connect
        service.welcome(self)
        there = service.enter(self)
        granted = {} if self.version == 4 else dict(service.connack())
        wanted = connect.properties.get(mqtt.SESSION_EXPIRY, 0)
        if self.version == 5:
            if service.session_expiry_s is not None and wanted > service.session_expiry_s:
                granted[mqtt.SESSION_EXPIRY] = service.session_expiry_s
            if service.maximum_qos < 2:
                granted[mqtt.MAXIMUM_QOS] = service.maximum_qos
            if not service.retains:
                granted[mqtt.RETAIN_AVAILABLE] = 0
            if not service.identifiers:
                granted[mqtt.IDENTIFIERS_AVAILABLE] = 0
            if service.in_flight_max < 65_535:
                granted[mqtt.RECEIVE_MAXIMUM] = service.in_flight_max
        block = mqtt.properties(granted) if self.version == 5 else b""
        self.write(mqtt.packet(mqtt.CONNACK, bytes([there, 0]) + block))
        for one in list(self.session.unacknowledged.values()):
            self.write(mqtt.publication(one, self.version))
        while self.session.queue:
            self.deliver(self.session.queue.popleft())

    def _check(self, one):
        """What holds for every publish, and for a will."""
        service = self._service
        if one.qos > service.maximum_qos:
            service.breaks(f"a publish at QoS {one.qos}")
            raise Refused(QOS_NOT_SUPPORTED)
        if one.retain and not service.retains:
            service.breaks("a publish to be retained")
            raise Refused(0x9a)
        if len(one.payload) > service.payload_max:
            service.breaks(f"a payload of {len(one.payload)} bytes")
            raise Refused(PACKET_TOO_LARGE)
        if len(one.topic.encode()) > service.topic_bytes_max:
            service.breaks(f"a topic of {len(one.topic.encode())} bytes")
            raise Refused(TOPIC_INVALID)
        if one.topic.count("/") > service.slashes_max:
            service.breaks(f"a topic with {one.topic.count('/')} slashes")
            raise Refused(TOPIC_INVALID)
        service.check_publish(self, one)

    def _within_rate(self):
        if self._service.rate is None:
            return True
        now, most = time.monotonic(), self._service.tokens()
        filled = most if self._tokens is None else self._tokens + (now - self._filled_at) * most
        self._tokens, self._filled_at = min(filled, most), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _publish(self, one):
        service = self._service
        self._check(one)
        if one.qos == 2 and one.packet_id in self.session.received:
            return self.write(mqtt.answer(mqtt.PUBREC, one.packet_id, self.version))
        kind = {1: mqtt.PUBACK, 2: mqtt.PUBREC}.get(one.qos)
        if kind:
            self._open_qos.add(one.packet_id)
            if len(self._open_qos) > service.in_flight_max:
                service.breaks(f"{len(self._open_qos)} publishes in flight")
        if not self._within_rate():
            service.breaks("a publish above the rate")
            reason = service.over_rate(self, one)
            if reason and kind:
                self._open_qos.discard(one.packet_id)
                self.write(mqtt.answer(kind, one.packet_id, self.version, reason))
            return None
        service.accepted.append(one)
        if one.qos == 2:
            self.session.received[one.packet_id] = one
        service.spread(one, self)
        if kind:
            asyncio.get_running_loop().call_later(service.round_trip_s, self._acknowledge, kind,
                                                  one)
        return None

    def _acknowledge(self, kind, one):
        if one.qos == 1:
            self._open_qos.discard(one.packet_id)
        if not self._writer.is_closing():
            self.write(mqtt.answer(kind, one.packet_id, self.version))

    def _subscribe(self, packet_id, filters):
        service, reasons, fresh = self._service, [], []
        if service.silent_about(self, filters):
            return
        if len(filters) > service.filters_at_once:
            service.breaks(f"{len(filters)} filters in one SUBSCRIBE")
            raise Refused(QUOTA)
        for pattern, options in filters:
            service.check_filter(self, pattern)
            known = pattern in self.session.filters
            if not known and len(self.session.filters) >= service.filters_max:
                service.breaks(f"more than {service.filters_max} subscriptions")
                reasons.append(QUOTA if self.version == 5 else 0x80)
                continue
            granted = min(options & 3, service.grants_qos)
            self.session.filters[pattern] = granted
            reasons.append(granted)
            # Retain handling of MQTT 5: always, if new, never.
            how = options >> 4 & 3 if self.version == 5 else 0
            if how == 0 or (how == 1 and not known):
                fresh.append((pattern, granted))
        block = b"\0" if self.version == 5 else b""
        self.write(mqtt.packet(mqtt.SUBACK, packet_id.to_bytes(2, "big") + block + bytes(reasons)))
        for pattern, granted in fresh:
            for one in list(service.retained.values()):
                if mqtt.matches(pattern, one.topic):
                    self.deliver(Publish(one.topic, one.payload, min(one.qos, granted), True,
                                         properties=one.properties))

    def _unsubscribe(self, packet_id, filters):
        gone = bytes(0 if self.session.filters.pop(one, None) is not None else 0x11
                     for one in filters)
        tail = b"\0" + gone if self.version == 5 else b""
        self.write(mqtt.packet(mqtt.UNSUBACK, packet_id.to_bytes(2, "big") + tail))

    def deliver(self, one):
        if one.qos:
            session = self.session
            while True:
                session.ids = session.ids % 65_535 + 1
                if session.ids not in session.unacknowledged:
                    break
            one.packet_id = session.ids
            session.unacknowledged[one.packet_id] = one
        self.write(mqtt.publication(one, self.version))
