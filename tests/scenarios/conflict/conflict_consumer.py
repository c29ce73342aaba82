"""The consumer of config/examples/conflict: an application at the centre edits an attendee and gets
its verdict, follows the records, and misses neither an edit nor a delete while it is away. Cases of
the hub are read and decided over MQTT.

R13
"""
import json
import os
import subprocess
import sys

import jsonschema
from stage import ROOT, Attendees, Stage, wait_until

EXAMPLE = ROOT / "config" / "examples" / "conflict"
SCHEMA = ROOT / "plugins" / "conflict" / "schema"


def valid(name, value):
    jsonschema.Draft202012Validator(json.loads((SCHEMA / f"{name}.json").read_text())).validate(
        value)


with Stage() as stage:
    cast = Attendees(stage)
    cast.seed("17", {"name": "Joan"}, 0)
    cases = stage.receiver(cast.central, "cases/#", name="cases")
    log_path = stage.folder / "consumer.log"

    def consumer(*args):
        with open(log_path, "a") as log:
            return subprocess.Popen(
                [sys.executable, str(EXAMPLE / "consumer.py"), str(cast.central.port), *args],
                stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})

    def wait_told(line):
        wait_until(lambda: line in log_path.read_text() or running.poll() is not None,
                   lambda: f"the consumer: {line}; told {log_path.read_text()}")
        assert line in log_path.read_text(), log_path.read_text()

    running = consumer("17", '{"diet": "vegan"}')
    try:
        wait_told("record 17 version 0: ")
        wait_told("/edits/1: APPLY  version 1")
        wait_told("record 17 version 1: {'changed': '-', 'diet': 'vegan', 'name': 'Joan'}")
        cast.wait_shown("17", {"name": "Joan", "changed": "-", "diet": "vegan"})

        # While it is away one is edited and one is deleted; its session keeps both.
        cast.seed("18", {"name": "Ann"}, 0)
        wait_told("record 18 version 0: ")
        running.kill()
        running.wait()
        cast.edit("site-a", "17", {"name": "Joan d'Arc"})
        cast.edit("site-a", "18", None)
        cast.settle()
        running = consumer()
        wait_told("record 17 version 2: ")
        wait_told("record 18 version 1: None")
        assert log_path.read_text().count("edit office/") == 1, "it edited again"
    finally:
        running.kill()
        running.wait()
    print(log_path.read_text())

    # `diet` is for a person: two sites have written it, and an application chooses.
    for name in "site-a", "site-b":
        cast.cut(name)
    cast.edit("site-a", "17", {"diet": "any"})
    cast.edit("site-b", "17", {"diet": "halal"})
    for name in "site-a", "site-b":
        cast.restore(name)
    wait_until(lambda: cases.payloads("cases/attendees/1"), "the case over MQTT")
    case = json.loads(cases.payloads("cases/attendees/1")[0])
    assert (case["state"], case["kind"], case["policy"]) == ("open", "field", "attendees"), case
    valid("case", case["data"])
    chosen = next(one for one in case["data"]["values"] if one["value"] == "halal")
    decision = {"choose": "take", "by": "ann", "data": {"op": chosen["op"]}}
    valid("decision", decision)
    cast.staff.publish("cases/attendees/1/decide", json.dumps(decision),
                       ResponseTopic="cases/answers", CorrelationData=b"7")
    wait_until(lambda: cases.payloads("cases/answers"), "the answer")
    answer = next(one for one in cases.unique if one.topic == "cases/answers")
    assert json.loads(answer.payload)["ok"] is True, answer
    assert answer.properties.CorrelationData == b"7", answer
    cast.wait_shown("17", {"name": "Joan d'Arc", "changed": "-", "diet": "halal"})
    wait_until(lambda: cases.payloads("cases/attendees/1")[-1] == "", "the case to be cleared")
