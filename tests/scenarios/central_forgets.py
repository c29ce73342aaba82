"""The central broker acknowledges, is killed, and comes back having forgotten everything. The
bridge misses its bookmark there and sends again what the broker had lost.

P6
"""
from stage import SALE, Stage

with Stage() as stage:
    site = stage.broker("site")
    central = stage.broker("central", persistence=False)
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)

    till.publish_numbered(SALE, 1, 300)
    bascule.wait_drained()
    assert bascule.lane("up")["cursor"] >= 300

    # Nobody had subscribed; so all 300 are gone with the broker.
    central.kill()
    bascule.wait_link("central", "down")
    central.start()
    headquarters = stage.receiver(central, "stores/#")

    headquarters.wait_payload("300")
    till.publish_numbered(SALE, 301, 400)
    headquarters.wait_payload("400")
    bascule.wait_drained()
