"""Azure IoT Hub, after "Communicate with an IoT hub using the MQTT protocol": MQTT 3.1.1 with two
topics, and a SAS token that ends, and the connection with it."""
import base64
import hashlib
import hmac
import time
from urllib.parse import parse_qs, quote_plus

from services.service import NOT_AUTHORIZED, Refused, Service


class AzureIotHub(Service):
    versions = 4,
    maximum_qos = grants_qos = 1
    retains = False
    payload_max = 256 << 10
    rate = 100

    def __init__(self, *arguments, device, key, **options):
        self.device, self.key = device, key
        self.events = f"devices/{device}/messages/events/"
        self.bound = f"devices/{device}/messages/devicebound/"
        super().__init__(*arguments, **options)

    def welcome(self, client):
        connect = client.connect
        if connect.client_id != self.device:
            self.breaks(f"the client id {connect.client_id}")
            raise Refused(NOT_AUTHORIZED)
        if not (connect.username or "").startswith(f"{self.host}/{self.device}/?api-version="):
            self.breaks(f"the user name {connect.username}")
            raise Refused(NOT_AUTHORIZED)
        client.end_in(self._left_s((connect.password or b"").decode()))

    def _left_s(self, token):
        kind, _, rest = token.partition(" ")
        given = {name: values[0] for name, values in parse_qs(rest).items()}
        resource, until = given.get("sr", ""), given.get("se", "0")
        text = f"{quote_plus(resource)}\n{until}".encode()
        good = base64.b64encode(hmac.new(self.key, text, hashlib.sha256).digest()).decode()
        left_s = int(until) - time.time()
        if kind != "SharedAccessSignature" or resource != f"{self.host}/devices/{self.device}" \
                or not hmac.compare_digest(good, given.get("sig", "")):
            self.breaks("a token that does not fit")
        elif left_s <= 0:
            self.breaks("a token that has expired")
        else:
            return left_s
        raise Refused(NOT_AUTHORIZED)

    def over_rate(self, client, one):
        raise Refused

    def check_publish(self, client, one):
        if not one.topic.startswith(self.events):
            self.breaks(f"a publish to {one.topic}")
            raise Refused

    def check_filter(self, client, pattern):
        if not pattern.startswith(self.bound):
            self.breaks(f"a subscription to {pattern}")
            raise Refused
