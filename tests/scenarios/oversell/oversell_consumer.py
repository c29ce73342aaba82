"""The consumer of config/examples/oversell: an application at the centre that follows every sale,
sells one itself, and settles over MQTT what was sold twice while there is a chair. Whoever may not
decide any more is told why.

R24 R26 R27
"""
import json
import os
import subprocess
import sys

from stage import ROOT, Stage, wait_until
from stage.schema import problems
from stage.seats import SCHEMA, Site

EXAMPLE = ROOT / "config" / "examples" / "oversell"

with Stage() as stage:
    central = stage.broker("central")
    hub = stage.bascule(central, None, bridge_id="hub", example=EXAMPLE / "hub.yaml")
    office = stage.receiver(central, "oversell/sales/+", "oversell/cases/#", name="records")
    a, b = (Site(stage, name, central) for name in ("site-a", "site-b"))
    for site in a, b:
        site.wait_available("hall", 10)

    with open(stage.folder / "consumer.log", "w") as log:
        consumer = subprocess.Popen(
            [sys.executable, str(EXAMPLE / "consumer.py"), str(central.port), "1", "hall"],
            stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})

    def told():
        return (stage.folder / "consumer.log").read_text()

    def wait_told(line):
        wait_until(lambda: line in told() or consumer.poll() is not None, f"the consumer: {line}")
        assert line in told(), told()

    try:
        wait_told("answer to order 1: SELL, available, sale hub.")
        wait_told("1 FIRM ref order 1")
        wait_told("hall: 9 of 10 left")
        b.wait_available("hall", 9)
        a.wait_available("hall", 9)

        # 13 more of 9: 9 are firm, one has the extra chair of the options; of the three that are
        # reversed the consumer finds a chair for one.
        a.cut()
        assert b.till.buy("hall", 6, ref="b")["result"] == "SELL"
        for number in range(7):
            assert a.till.buy("hall", 1, ref=f"a{number}")["result"] == "SELL", number
        a.mend()

        def waiting():
            texts = [one.payload for one in office.unique
                     if one.topic.startswith("oversell/cases/") and one.topic.count("/") == 2]
            return [one for one in map(json.loads, filter(None, texts)) if one["state"] == "open"]

        wait_until(lambda: told().count(" keep") == 2, lambda: f"all settled: {told()}")
        assert told().count(" honour") == 1, told()
        wait_until(lambda: len(waiting()) == 3, lambda: f"three cases: {waiting()}")
        cases = waiting()
        for one in cases:
            wrong = problems(json.loads((SCHEMA / "case.json").read_text()), one["data"])
            assert not wrong, (one, wrong)
            topic = f"oversell/cases/{one['number']}"
            wait_until(lambda: office.payloads(topic)[-1] == "", f"{topic} to be cleared")
        sales = [json.loads(text) for text in office.payloads("oversell/sales/hall")]
        assert [one["state"] for one in sales if one.get("overridden")] == ["HONOUR"], sales
        last = {one["sale"]: one["state"] for one in sales}
        assert sorted(last.values()) == 5 * ["FIRM"] + 2 * ["HONOUR"] + 2 * ["REVERSE"], last

        # Too late: somebody has decided.
        clerk = stage.publisher(central, "clerk")
        clerk.publish(f"oversell/cases/{cases[0]['number']}/decide", '{"choose": "honour"}')
        answers = f"oversell/cases/{cases[0]['number']}/decided"
        wait_until(lambda: len(office.payloads(answers)) == 2, "an answer to the clerk")
        refused = json.loads(office.payloads(answers)[-1])
        assert refused["ok"] is False and "decided already" in refused["error"], refused
        # And the site's till heard where its answers are that one is no more.
        def heard(result):
            return [one for _, one in a.till.outcomes if one["result"] == result]

        wait_until(lambda: len(heard("REVERSE")) == 3 and len(heard("HONOUR")) == 1,
                   lambda: f"the till to hear of it: {a.till.outcomes}")
        assert hub.policy("seats")["failed"] == 0, hub.log()
    finally:
        consumer.kill()
        consumer.wait()
    print(told())
