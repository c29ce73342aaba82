"""Services that let in who has a user name and a password, and differ in their numbers alone.

hivemq-cloud     all of MQTT, for who names the cluster in TLS; 5 MB a message
emqx-serverless  after "Quotas and Limits" of the EMQX Platform: ten publishes a second, whose
                 excess is answered with "quota exceeded"; ten subscriptions; a session of two hours
"""
from services import mqtt
from services.service import BAD_PASSWORD, Refused, Service

RULES = {
    "hivemq-cloud": {"payload_max": 5 << 20},
    "emqx-serverless": {"payload_max": 1 << 20, "slashes_max": 9, "filters_max": 10, "rate": 10,
                        "session_expiry_s": 2 * 3600},
}


class ByPassword(Service):
    versions = 4, 5

    def __init__(self, kind, *arguments, username, password, **options):
        self.login = username, password
        for rule, value in RULES[kind].items():
            setattr(self, rule, value)
        super().__init__(*arguments, **options)

    def connack(self):
        return {mqtt.MAXIMUM_PACKET_SIZE: self.payload_max}

    def welcome(self, client):
        if (client.connect.username, (client.connect.password or b"").decode()) != self.login:
            self.breaks("a wrong password")
            raise Refused(BAD_PASSWORD)
