"""A message that has outlived its expiry, or its lane's time to live, is not delivered; it is
counted, and the loss ledger says so.

P3 P8, P9
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    till.publish(SALE, "before")
    headquarters.wait_payload("before")

    central.stop()
    for number in range(10):
        till.publish(SALE, f"ice {number}", MessageExpiryInterval=1)
    till.publish(SALE, "after")
    wait_until(lambda: bascule.lane("up")["oldest_age_s"] >= 3, "messages three seconds old")
    central.start()

    headquarters.wait_payload("after")
    assert headquarters.payloads() == ["before", "after"], headquarters.payloads()
    bascule.wait_drained()
    assert bascule.counters("up")["expired"] == 10
    assert bascule.status()["losses"]["messages"] == 10
