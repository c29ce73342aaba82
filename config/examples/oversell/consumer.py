#!/usr/bin/python3
"""A central application, whole: it knows what is left of every item and what became of every sale,
sells centrally, and settles what was sold twice while there is a chair left. Takes
python3-paho-mqtt.

  consumer.py [PORT [CHAIRS [ITEM]]]     the central broker's port on this machine; how many chairs
                                         there are for who was sold one too many; what to sell
"""
import json
import sys

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PORT, chairs, to_sell = int((sys.argv + ["1883"])[1]), int((sys.argv[2:] + ["1"])[0]), sys.argv[3:]
left, sales = {}, {}


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


def up(client, *_):
    client.subscribe([(topic, 1) for topic in ("oversell/item/+", "oversell/sales/+",
                                               "oversell/cases/+", "office/answers")])
    if to_sell:  # once: this is called again whenever the line was down
        ask = Properties(PacketTypes.PUBLISH)
        ask.ResponseTopic, ask.CorrelationData = "office/answers", b"order 1"
        topic = f"seats/{to_sell.pop()}/request"
        client.publish(topic, '{"quantity": 1, "ref": "order 1"}', 1, False, ask)


session = Properties(PacketTypes.CONNECT)
session.SessionExpiryInterval = 7 * 86400  # what happens while this is away waits at the broker
application = mqtt.Client("office", protocol=mqtt.MQTTv5)
application.on_connect, application.on_message = up, came
application.connect("127.0.0.1", PORT, clean_start=False, properties=session)
try:
    application.loop_forever()
except KeyboardInterrupt:
    pass
