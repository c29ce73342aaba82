#!/usr/bin/python3
"""A central application, whole: it writes the readings of database.yaml into a table of SQLite, a
row each; one that comes twice is known by its key. Takes python3-paho-mqtt.

  consumer.py [PORT [FILE]]     the central broker's port on this machine; the database
"""
import json
import sqlite3
import sys

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PORT, FILE = int((sys.argv + ["1883"])[1]), (sys.argv[2:] + ["readings.db"])[0]
KEY = "origin", "epoch", "lane", "sequence"
COLUMNS = *KEY, "time", "clock_trusted", "line", "sensor", "value", "raw"

table = sqlite3.connect(FILE)
table.execute(f"CREATE TABLE IF NOT EXISTS readings ({', '.join(COLUMNS)}, "
              f"PRIMARY KEY ({', '.join(KEY)}))")


def came(client, _, message):
    members = ", ".join(f"value ->> '$.{column}'" for column in COLUMNS)
    with table:  # one transaction
        done = table.execute(f"INSERT OR IGNORE INTO readings SELECT {members} FROM json_each(?)",
                             (message.payload.decode(),))
    known = len(json.loads(message.payload)) - done.rowcount
    print(f"{message.topic}: {done.rowcount} rows, {known} were known", flush=True)


session = Properties(PacketTypes.CONNECT)
session.SessionExpiryInterval = 7 * 86400  # what comes while this is away waits at the broker
application = mqtt.Client("database", protocol=mqtt.MQTTv5)
application.on_connect = lambda client, *_: client.subscribe("db/+/readings", 1)
application.on_subscribe = lambda *_: print("waits for readings", flush=True)
application.on_message = came
application.connect("127.0.0.1", PORT, clean_start=False, properties=session)
try:
    application.loop_forever()
except KeyboardInterrupt:
    pass
