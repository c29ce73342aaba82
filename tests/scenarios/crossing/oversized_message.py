"""A message larger than the bridge takes is quarantined, with the reason; the lane goes on.

P9; fault: oversized message
"""
from stage import SALE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
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
    set_aside = bascule.counters("up")
    assert set_aside["quarantined"] + set_aside["refused"] == 1, set_aside
    assert bascule.link("site")["state"] == "up"
