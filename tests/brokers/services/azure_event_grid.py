"""The MQTT broker of Azure Event Grid, after "MQTT features support" and "Azure Event Grid quotas
and limits": MQTT 5 with QoS 1 at the most, a token by AUTH that has to be renewed, and a session
that ends with 100 messages that wait for it."""
import base64
import hashlib
import hmac
import json
import time

from services import mqtt
from services.service import BAD_METHOD, NOT_AUTHORIZED, Refused, Service

METHOD = "CUSTOM-JWT"


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(secret, lasts_s):
    """As another program would write it."""
    claims = {"sub": "plant-7", "exp": time.time() + lasts_s}
    head, body = (part(json.dumps(one).encode()) for one in
                  ({"alg": "HS256", "typ": "JWT"}, claims))
    text = head + b"." + body
    return (text + b"." + part(hmac.new(secret, text, hashlib.sha256).digest())).decode()


class AzureEventGrid(Service):
    maximum_qos = grants_qos = 1
    retains = False
    payload_max = 512 << 10
    topic_bytes_max = 256
    filters_max = 50
    rate = 1_000
    queue_max = 100
    session_expiry_s = 8 * 3600

    def __init__(self, *arguments, secret, space, **options):
        self.secret, self.space = secret, space
        super().__init__(*arguments, **options)

    def connack(self):
        return {mqtt.MAXIMUM_PACKET_SIZE: 512 << 10, mqtt.AUTH_METHOD: METHOD}

    def welcome(self, client):
        self._believe(client, client.connect.properties)

    def authenticate(self, client, reason, properties):
        if reason != 0x19:
            self.breaks(f"an AUTH with reason {reason}")
            raise Refused(BAD_METHOD)
        self._believe(client, properties)
        self.reauthenticated += 1
        client.write(mqtt.packet(mqtt.AUTH, b"\0" + mqtt.properties({mqtt.AUTH_METHOD: METHOD})))

    def _believe(self, client, properties):
        if properties.get(mqtt.AUTH_METHOD) != METHOD:
            self.breaks(f"the method {properties.get(mqtt.AUTH_METHOD)}")
            raise Refused(BAD_METHOD)
        text, _, signature = properties.get(mqtt.AUTH_DATA, b"").rpartition(b".")
        good = part(hmac.new(self.secret, text, hashlib.sha256).digest())
        if not hmac.compare_digest(good, signature):
            self.breaks("a token that nobody has signed")
            raise Refused(NOT_AUTHORIZED)
        payload = text.split(b".")[1]
        left_s = json.loads(base64.urlsafe_b64decode(payload + b"=="))["exp"] - time.time()
        if left_s <= 0:
            self.breaks("a token that has expired")
            raise Refused(NOT_AUTHORIZED)
        client.end_in(left_s)

    def check_publish(self, client, one):
        self._in_space(one.topic)

    def check_filter(self, client, pattern):
        self._in_space(pattern)

    def _in_space(self, topic):
        if not topic.startswith(self.space):
            self.breaks(f"{topic}, which is in no topic space")
            raise Refused(NOT_AUTHORIZED)
