"""A message larger than the bridge takes is quarantined, with the reason; the lane goes on.

P9; fault: oversized message
"""
import json

from stage import SALE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#", "bascule/+/events")
    bascule = stage.bascule(site, central, journal={"max_payload": "64KiB"})
    till = stage.publisher(site, protocol=4)

    till.publish(SALE, "before")
    till.publish(SALE, "x" * 65536)
    till.publish(SALE, "y" * 65537)
    till.publish(SALE, "after")

    headquarters.wait_payload("after")
    sizes = [len(payload) for payload in headquarters.payloads()]
    assert sizes == [6, 65536, 5], sizes
    bascule.wait_drained()
    count = bascule.counters("up")
    assert count["quarantined"] + count["refused"] == 1, count
    assert "is over max_payload; 1 quarantined" in bascule.log(), bascule.log()
    assert bascule.link("site")["state"] == "up"
    events = [json.loads(one.payload) for one in headquarters.internal]
    told = [one for one in events if one["event"] == "quarantined"]
    assert [(one["lane"], one["topic"], one["messages"]) for one in told] == [("", SALE, 1)], told
