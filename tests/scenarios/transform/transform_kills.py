"""kill -9 while a policy gathers messages into batches, and an outage of the centre: every reading
that the broker acknowledged arrives in exactly one array, in order, with the time and identity
that it had; the past, decided anew, gives the same verdicts, byte for byte.

R4 R5 R43, P1 P4 P8; fault: kill -9 at any instruction
"""
import json
import os

from stage import Stage, wait_until

POINTS = {"pwrite64": (3, 12, 30, 60), "fdatasync": (2, 4), "sendto": (3, 6)}
if "SWEEP" in os.environ:
    POINTS = {syscall: range(1, int(os.environ["SWEEP"]) + 1) for syscall in POINTS}
PER_ROUND, LINES = 60, ("press", "oven", "saw")
OPTIONS = {
    "from": "line/{line}/{sensor}", "to": "plant/{line}", "report": "plant/report",
    "report_every": "1s",
    "steps": [{"drop": {"at": "/n", "below": 0}},
              {"envelope": {"n": "{/n}", "at": "{time_ms}", "id": "{origin}/{epoch}/{sequence}"}},
              {"batch": {"count": 7, "after": "1s"}}]}

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    database = stage.receiver(central, "plant/+")
    sensor = stage.publisher(site, "sensor")
    line = stage.line(central)
    bascule = stage.bascule(
        site, line, policies={"rows": {"plugin": "transform", "options": OPTIONS}},
        routes=[{"name": "readings", "direction": "up", "from": "line/{line}/{sensor}",
                 "policy": "rows"}])
    bascule.terminate()

    def arrays(name):
        return [json.loads(text) for text in database.payloads(f"plant/{name}")]

    def rows(name):
        return [row for array in arrays(name) for row in array]

    def arrived(last):
        return all(len(rows(name)) >= last // len(LINES) for name in LINES)

    last = deaths = 0
    for syscall, numbers in POINTS.items():
        for point in numbers:
            bascule.start_killed_at(syscall, point)
            for number in range(last + 1, last + PER_ROUND + 1):
                sensor.publish(f"line/{LINES[number % len(LINES)]}/t", json.dumps({"n": number}))
                if number % 10 == 0:
                    sensor.publish("line/saw/t", json.dumps({"n": -number}))
            last += PER_ROUND
            wait_until(lambda: not bascule.running or arrived(last),
                       f"the end at {syscall} {point}, or all readings")
            deaths += not bascule.running
            bascule.kill()
            if point == numbers[0]:  # what is gathered while the line is down waits, too
                line.cut()
                bascule.start(up=False)
                bascule.wait_link("site", "up")
                bascule.wait_decided("rows")
                bascule.kill()
                line.restore()
            bascule.start()
            wait_until(lambda: arrived(last), lambda: f"{last} readings, has "
                       f"{[len(rows(name)) for name in LINES]}")
            bascule.wait_drained()
            bascule.kill()

    bascule.start()
    bascule.wait_drained()
    for index, name in enumerate(LINES):
        expected = [number for number in range(1, last + 1) if number % len(LINES) == index]
        assert [row["n"] for row in rows(name)] == expected, (name, rows(name))
        assert all(len(array) <= 7 for array in arrays(name)), name
        assert any(len(array) == 7 for array in arrays(name)), name
    every = [row for name in LINES for row in rows(name)]
    assert len({row["id"] for row in every}) == last
    assert all(row["id"].startswith("store-42/") for row in every), every[0]

    # What was dropped is counted, told, and has its reason.
    reports = lambda: [json.loads(text) for text in database.payloads("plant/report")]
    told = wait_until(lambda: next((one for one in reports()
                                    if one["dropped"] == {"step 1, drop": last // 10}), None),
                      lambda: f"the report, has {reports()}")
    assert set(told) == {"bridge", "at_ms", "dropped"}, told
    explained = [json.loads(bascule.cli("policy", "explain", f"rows/{number}", "--json").stdout)
                 for number in range(1, 15)]
    assert {"at": "step 1, drop", "result": "dropped", "why": "is -10"} in [
        one["verdict"] for one in explained], explained

    replayed = bascule.cli("policy", "replay", "rows", "--json", "--set", "steps.1.drop.below=-20",
                           "--list", "0")
    result = json.loads(replayed.stdout)
    assert result["present"]["otherwise"] == 0, result["present"]
    assert result["present"]["reproduced"] == result["inputs"] > last, result["present"]
    assert result["from_the_start"] and result["other"]["different"] > 0, result
    wrong = bascule.cli("policy", "replay", "rows", "--set", "steps.9.drop.below=1")
    assert wrong.returncode == 1 and "no list with that place" in wrong.stderr, wrong
    bascule.check_books()
    assert deaths >= len(POINTS), deaths
    print(f"{deaths} deaths, {last} readings in {sum(len(arrays(name)) for name in LINES)} arrays")
