"""An outage is two lines in the log, however often it is tried again: it began, and it is over,
with how long it was. With `log.format: json` each has fields for programs. Times are UTC.

P9
"""
import json
import re

from stage import SALE, Stage, wait_until

UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central, log={"level": "info", "format": "json"})
    till = stage.publisher(site)
    central.stop()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 1, 20)
    till.wait_acknowledged()
    wait_until(lambda: "refused" in (bascule.link("central")["last_error"] or ""), "an attempt")
    central.start()
    headquarters.expect(range(1, 21))

    lines = [json.loads(line) for line in bascule.log().splitlines()]
    assert all(re.fullmatch(UTC, line["time"]) for line in lines), lines
    ends = [line for line in lines if line.get("link") == "central" and "down_s" in line]
    assert [line["event"] for line in ends] == ["link_up"], ends
    assert ends[0]["count"] >= 1 and ends[0]["down_s"] >= 0, ends
    downs = [line for line in lines if line.get("event") == "link_down"]
    assert 1 <= len(downs) <= 3 and all(line["reason"] for line in downs), downs

    bascule.terminate()
    bascule.settings["log"] = {"format": "text"}
    bascule.write()
    bascule.start()
    bascule.terminate()
    last = bascule.log().splitlines()[-1]
    assert re.match(UTC + " info  ended", last), last
