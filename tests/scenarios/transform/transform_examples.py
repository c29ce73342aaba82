"""The two worked examples of config/examples/transform: what reaches ThingsBoard's gateway API has
its form and its limits; what reaches a table is a row for each reading, also where a message comes
twice. What does not fit is dropped or quarantined as they say, counted, and said.

R43, P4 P8
"""
import json
import signal
import sqlite3
import subprocess
import sys

import jsonschema
import yaml
from stage import ROOT, Stage, wait_until

EXAMPLES = ROOT / "config" / "examples" / "transform"
SCHEMA = ROOT / "plugins" / "transform" / "schema"


def is_as(name, value):
    jsonschema.validate(value, json.loads((SCHEMA / f"{name}.json").read_text()))


for path in sorted(EXAMPLES.glob("*.yaml")):
    for policy in yaml.safe_load(path.read_text())["policies"].values():
        is_as("options", policy["options"])


def told(stage):
    """What the application says."""
    return (stage.folder / "consumer.log").read_text()


def thingsboard():
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        gateway = stage.receiver(central, "#", protocol=3, numbered=True)
        sensor = stage.publisher(site, "sensor")
        line = stage.line(central)
        bascule = stage.bascule(site, line, bridge_id="plant-7", central_link={"protocol": "3.1.1"},
                                example=EXAMPLES / "thingsboard.yaml")
        line.cut()
        bascule.wait_link("central", "down")
        for number in range(200):
            sensor.publish(f"line/press-{number % 2}/temperature", number, retain=number > 197)
        sensor.publish("line/press-0/temperature", 198.05)  # within the deadband
        sensor.publish("line/press-0/temperature", "warm")
        sensor.publish("line/press-1/on", "true")
        sensor.wait_acknowledged()
        bascule.wait_decided("telemetry")
        line.restore()

        def points(device):
            """As the gateway API reads its messages: ts, values."""
            found = []
            for one in gateway.unique:
                assert one.topic == "v1/gateway/telemetry" and not one.retain, one
                assert len(one.payload) <= 65536 and one.qos == 1, one
                for name, series in json.loads(one.payload).items():
                    assert isinstance(series, list) and series, one
                    for point in series:
                        assert set(point) == {"ts", "values"} and point["ts"] > 1e12, point
                        assert all(isinstance(value, (int, float))
                                   for value in point["values"].values()), point
                        found += [point] if name == device else []
            return found

        for device, more in (0, []), (1, [{"on": True}]):
            expected = [{"temperature": number} for number in range(device, 200, 2)] + more
            wait_until(lambda: len(points(f"press-{device}")) >= len(expected),
                       lambda: f"press-{device}: {len(expected)}, has {points(f'press-{device}')}")
            series = points(f"press-{device}")
            assert [point["values"] for point in series] == expected, series
            times = [point["ts"] for point in series]
            assert times == sorted(times), times
        assert len(gateway.unique) < 10, len(gateway.unique)

        verdicts = [json.loads(bascule.cli("policy", "explain", f"telemetry/{number}",
                                           "--json").stdout)["verdict"] for number in (201, 202)]
        assert verdicts == [
            {"at": "step 1, deadband", "result": "dropped", "why": "is 198.05, and 198.0 passed"},
            {"at": "payload", "result": "dropped", "why": "is no JSON"}], verdicts
        assert "line/press-0/temperature does not fit: payload: is no JSON" in bascule.log()

        # A wider deadband would have let fewer pass; the present one decides as it did.
        replayed = json.loads(bascule.cli("policy", "replay", "--json", "--set",
                                          "steps.1.deadband.within=5").stdout)
        assert replayed["present"]["otherwise"] == 0, replayed["present"]
        assert replayed["other"]["different"] > 100, replayed["other"]


def database():
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        database_path = stage.folder / "readings.db"
        consumer = stage.receiver(central, "db/#")
        sensor = stage.publisher(site, "sensor")
        bascule = stage.bascule(site, central, bridge_id="plant-7",
                                example=EXAMPLES / "database.yaml")
        for number in range(100):
            quality = "bad" if number % 10 == 9 else "good"
            sensor.publish("line/oven/core", json.dumps({"v": 200 + number, "q": quality}))
        sensor.publish("line/oven/core", "warm")
        wait_until(lambda: bascule.policy("rows")["up"] ==
                   {"decided": 100, "quarantined": 1, "backlog": 0}, "all to be decided")

        listed = json.loads(bascule.cli("journal", "quarantine", "list", "--json").stdout)
        [aside] = listed["messages"]
        assert aside["reason"] == "policy rows: payload: is no JSON", aside

        application = subprocess.Popen(
            [sys.executable, str(EXAMPLES / "consumer.py"), str(central.port), str(database_path)],
            stdout=open(stage.folder / "consumer.log", "w"), stderr=subprocess.STDOUT)
        table = sqlite3.connect(database_path, timeout=60)

        def count():
            try:
                return table.execute("SELECT count(*) FROM readings").fetchone()[0]
            except sqlite3.OperationalError:  # it is not made yet
                return 0

        try:
            wait_until(lambda: "known" in told(stage) or application.poll() is not None,
                       lambda: f"the application: {told(stage)}")
            # The same again, as after a crash of a broker.
            [array] = consumer.payloads("db/plant-7/readings")
            stage.publisher(central, "again").publish("db/plant-7/readings", array)
            wait_until(lambda: "0 rows, 90 were known" in told(stage)
                       or application.poll() is not None, lambda: told(stage))
            assert count() == 90, (count(), told(stage))
            application.send_signal(signal.SIGINT)
            assert application.wait(20) == 0, told(stage)
        finally:
            application.kill()
            application.wait()
        values = [row[0] for row in table.execute("SELECT value FROM readings ORDER BY sequence")]
        assert values == [round((200 + number) / 10, 1) for number in range(100)
                          if number % 10 != 9], values
        row = table.execute("SELECT raw, line, sensor, clock_trusted FROM readings").fetchone()
        assert json.loads(row[0]) == {"value": 200, "q": "good"}, row
        assert row[1:3] == ("oven", "core"), row

        wait_until(lambda: consumer.payloads("db/plant-7/dropped"), "the report", 120)
        report = json.loads(consumer.payloads("db/plant-7/dropped")[-1])
        is_as("report", report)
        assert report["dropped"] == {"step 1, drop": 10}, report
        assert "payload: is no JSON" in bascule.cli("policy", "explain", "rows/101").stdout


thingsboard()
database()
