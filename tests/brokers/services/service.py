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
from collections import Counter, deque

from services import mqtt
from services.client import BAD_METHOD, BAD_PASSWORD, NOT_AUTHORIZED, QUOTA, Client, Refused
from services.mqtt import Publish

__all__ = ["BAD_METHOD", "BAD_PASSWORD", "NOT_AUTHORIZED", "QUOTA", "Refused", "Service"]


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
