"""ThingsBoard's gateway API, after "Gateway MQTT API reference": a few topics, JSON of one form in
each, and no other topic or form without losing the connection. It grants QoS 1.
"""
import json

from services.service import NOT_AUTHORIZED, Refused, Service

TOPICS = {f"v1/gateway/{name}" for name in ("connect", "disconnect", "telemetry", "attributes",
                                            "attributes/request", "rpc", "claim")}
FILTERS = {"v1/gateway/attributes", "v1/gateway/attributes/response", "v1/gateway/rpc"}


class Thingsboard(Service):
    versions = 4, 5
    maximum_qos = grants_qos = 1
    retains = False
    payload_max = 64 << 10

    def __init__(self, *arguments, token, **options):
        self.token = token
        super().__init__(*arguments, **options)

    def welcome(self, client):
        if client.connect.username != self.token:
            self.breaks("a wrong access token")
            raise Refused(NOT_AUTHORIZED)

    def check_publish(self, client, one):
        if one.topic not in TOPICS:
            self.breaks(f"a publish to {one.topic}")
            raise Refused
        if one.topic.endswith("telemetry") and not telemetry(one.payload):
            self.breaks("telemetry that is not {DEVICE: [{ts, values}, …]}")
            raise Refused

    def check_filter(self, client, pattern):
        if pattern not in FILTERS:
            self.breaks(f"a subscription to {pattern}")
            raise Refused


def telemetry(payload):
    try:
        devices = json.loads(payload)
        return all(isinstance(rows, list) and rows
                   and all(isinstance(row["ts"], int) and isinstance(row["values"], dict)
                           for row in rows) for rows in devices.values())
    except (ValueError, AttributeError, TypeError, KeyError):
        return False
