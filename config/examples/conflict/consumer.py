#!/usr/bin/python3
"""A central application, whole: it keeps every attendee with its version, edits one, and hears what
became of that. Takes python3-paho-mqtt.

  consumer.py [PORT [ID FIELDS]]     the central broker's port on this machine; whom to edit, how
"""
import json
import sys
import time

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PORT, TO_EDIT = int((sys.argv + ["1884"])[1]), sys.argv[2:]
NAME, RUN, numbers = "office", f"{time.time_ns():016x}"[-16:], iter(range(1, 1_000_000))
records = {}  # id: (version, fields); what was deleted is not there


def edit(client, record, fields, base=None):
    """The verdict names the edit by its `op`: origin/epoch/lane/sequence. The origin is this
    application, so that the verdict comes on verdicts/office; the epoch is this run of it."""
    about, op = Properties(PacketTypes.PUBLISH), f"{NAME}/{RUN}/edits/{next(numbers)}"
    about.UserProperty = [("op", op)] + ([] if base is None else [("base", str(base))])
    client.publish(f"edits/attendee/{record}", json.dumps(fields), 1, False, about)
    print(f"edit {op}: {fields}", flush=True)


def came(client, _, message):
    about = dict(getattr(message.properties, "UserProperty", []))
    if message.topic.startswith("verdicts/"):
        said = json.loads(message.payload)
        print(f"verdict of {said['op']}: {said['verdict']} {said.get('reason', '')} "
              f"version {said.get('version')}", flush=True)
        return
    record, version = message.topic.split("/")[-1], int(about["version"])
    if message.payload:
        records[record] = version, json.loads(message.payload)
    else:  # deleted; with version -1 forgotten: what comes next begins again with version 0
        records.pop(record, None)
    print(f"record {record} version {version}: {records.get(record, (0, None))[1]}", flush=True)


def up(client, *_):
    client.subscribe([("canonical/attendee/+", 1), (f"verdicts/{NAME}", 1)])
    if len(TO_EDIT) == 2:  # once: this is called again whenever the line was down
        edit(client, TO_EDIT[0], json.loads(TO_EDIT[1]))
        TO_EDIT.clear()


session = Properties(PacketTypes.CONNECT)
session.SessionExpiryInterval = 7 * 86400  # deletes are not retained: they wait here, and only here
application = mqtt.Client(NAME, protocol=mqtt.MQTTv5)
application.on_connect, application.on_message = up, came
application.connect("127.0.0.1", PORT, clean_start=False, properties=session)
try:
    application.loop_forever()
except KeyboardInterrupt:
    pass
