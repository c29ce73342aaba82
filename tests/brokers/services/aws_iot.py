"""AWS IoT Core, after "AWS IoT Core endpoints and quotas" and "MQTT" in its developer guide: a
policy that closes the connection over what it does not name, no answer to a SUBSCRIBE at QoS 2, 100
publishes a second of which the excess is never acknowledged."""
from services import mqtt
from services.mqtt import matches
from services.service import NOT_AUTHORIZED, Refused, Service


class AwsIot(Service):
    versions = 4, 5
    maximum_qos = grants_qos = 1
    identifiers = False
    payload_max = 128 << 10
    topic_bytes_max = 256
    slashes_max = 7
    filters_at_once, filters_max = 8, 50
    in_flight_max = 100
    rate = 100
    session_expiry_s = 7 * 24 * 3600

    def __init__(self, *arguments, client_id, publishes, receives, **options):
        self.client_id, self.publishes, self.receives = client_id, publishes, receives
        super().__init__(*arguments, **options)

    def connack(self):
        return {mqtt.MAXIMUM_PACKET_SIZE: 149_504}

    def welcome(self, client):
        if client.connect.client_id != self.client_id:
            self.breaks(f"the client id {client.connect.client_id}, which the policy forbids")
            raise Refused(NOT_AUTHORIZED)

    def check_publish(self, client, one):
        if not any(matches(pattern, one.topic) for pattern in self.publishes):
            self.breaks(f"a publish to {one.topic}, which the policy forbids")
            raise Refused(NOT_AUTHORIZED)

    def check_filter(self, client, pattern):
        if pattern not in self.receives and not any(
                "+" not in pattern and "#" not in pattern and matches(one, pattern)
                for one in self.receives):
            self.breaks(f"a subscription to {pattern}, which the policy forbids")
            raise Refused(NOT_AUTHORIZED)

    def silent_about(self, client, filters):
        silent = any(options & 3 == 2 for _, options in filters)
        if silent:
            self.breaks("a SUBSCRIBE at QoS 2")
        return silent

    def over_rate(self, client, one):
        return None
