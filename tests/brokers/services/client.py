"""One connection to a service: what the client says is taken apart, held against the rules of the
service, and answered. On the loop of the service."""
import asyncio
import ssl
import time

from services import mqtt
from services.mqtt import Publish

BAD_PASSWORD, NOT_AUTHORIZED, BAD_METHOD, QUOTA = 0x86, 0x87, 0x8c, 0x97
PACKET_TOO_LARGE, TOPIC_INVALID, QOS_NOT_SUPPORTED = 0x95, 0x90, 0x9b
RETAIN_NOT_SUPPORTED = 0x9a
OF_V3 = {BAD_PASSWORD: 4, NOT_AUTHORIZED: 5, BAD_METHOD: 5}  # in a CONNACK


class Refused(Exception):
    """Ends a connection, with a reason for a version that has them."""

    def __init__(self, reason=NOT_AUTHORIZED):
        super().__init__(reason)
        self.reason = reason


class Client:
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
                self._take(*await mqtt.read_packet(self._reader))
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
            raise Refused(RETAIN_NOT_SUPPORTED)
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
