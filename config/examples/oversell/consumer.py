#!/usr/bin/python3
"""A central application, whole: it knows what is left of every item and what became of every sale,
sells centrally, and settles what was sold twice while there is a chair left. Takes
python3-paho-mqtt.

  consumer.py [PORT [ITEM [CHAIRS]]]     the central broker's port on this machine; what to sell
"""
import json
import sys

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PORT, ITEM, CHAIRS = [*sys.argv[1:], *["1883", "hall", "1"][len(sys.argv) - 1:]][:3]
left, sales, chairs = {}, {}, int(CHAIRS)


def came(client, _, message):
    global chairs
    said = json.loads(message.payload or "null")  # a case that is closed is an empty message
    if message.topic.startswith("oversell/item/"):
        left[said["item"]] = said["available"]
        print(f"{said['item']}: {said['available']} of {said['capacity']} left", flush=True)
    elif message.topic.startswith("oversell/sales/"):
        sales[said["sale"]] = said  # the same sale comes again with each new state
        print(f"{said['sale']}: {said['quantity']} {said['state']} ref {said['ref']}", flush=True)
    elif message.topic == "office/answers":
        print(f"answer to {message.properties.CorrelationData.decode()}: {said['result']}, "
              f"{said['reason']}, sale {said.get('sale')}", flush=True)
    elif message.topic.startswith("oversell/cases/") and said and said["state"] == "open":
        choice, chairs = ("honour", chairs - 1) if chairs > 0 else ("keep", 0)
        client.publish(message.topic + "/decide", json.dumps({"choose": choice, "by": "office"}), 1)
        print(f"case {said['number']}: {said['data']['sale']} {choice}", flush=True)


def up(client, _, flags, *__):
    client.subscribe([(topic, 1) for topic in ("oversell/item/+", "oversell/sales/+",
                                               "oversell/cases/+", "office/answers")])
    if not flags["session present"]:  # a first start, not one after a pause
        ask = Properties(PacketTypes.PUBLISH)
        ask.ResponseTopic, ask.CorrelationData = "office/answers", b"order 1"
        client.publish(f"seats/{ITEM}/request", '{"quantity": 1, "ref": "order 1"}', 1, False, ask)


session = Properties(PacketTypes.CONNECT)
session.SessionExpiryInterval = 7 * 86400  # what happens while this is away waits at the broker
application = mqtt.Client("office", protocol=mqtt.MQTTv5)
application.on_connect, application.on_message = up, came
application.connect("127.0.0.1", int(PORT), clean_start=False, properties=session)
application.loop_forever()
