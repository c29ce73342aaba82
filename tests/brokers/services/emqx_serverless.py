"""EMQX Serverless, after "Quotas and Limits" of the EMQX Platform: ten publishes a second, whose
excess is answered with "quota exceeded"; ten subscriptions; a session of two hours."""
from services import mqtt
from services.service import BAD_PASSWORD, Refused, Service


class EmqxServerless(Service):
    versions = 4, 5
    payload_max = 1 << 20
    slashes_max = 9
    filters_max = 10
    rate = 10
    session_expiry_s = 2 * 3600

    def __init__(self, *arguments, username, password, **options):
        self.login = username, password
        super().__init__(*arguments, **options)

    def connack(self):
        return {mqtt.MAXIMUM_PACKET_SIZE: 1 << 20}

    def welcome(self, client):
        if (client.connect.username, (client.connect.password or b"").decode()) != self.login:
            self.breaks("a wrong password")
            raise Refused(BAD_PASSWORD)
