"""HiveMQ Cloud: all of MQTT, for who has a user name and names the cluster in TLS; 5 MB a message.
"""
from services import mqtt
from services.service import BAD_PASSWORD, Refused, Service


class HivemqCloud(Service):
    versions = 4, 5
    payload_max = 5 << 20

    def __init__(self, *arguments, username, password, **options):
        self.login = username, password
        super().__init__(*arguments, **options)

    def connack(self):
        return {mqtt.MAXIMUM_PACKET_SIZE: 5 << 20}

    def welcome(self, client):
        if (client.connect.username, (client.connect.password or b"").decode()) != self.login:
            self.breaks("a wrong password")
            raise Refused(BAD_PASSWORD)
