"""The central broker is away for a while. What the site publishes meanwhile, and what central had
queued for the site, arrives when it is back: all of it, once, in order.

R1 R2 R3 R4 R6, P2 P3
"""
from stage import SALE, SALE_ABOVE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)

    till.publish_numbered(SALE, 1, 200)
    headquarters.expect(range(1, 201))

    central.stop()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 201, 1200)
    till.wait_acknowledged()
    assert bascule.link("site")["state"] == "up"

    central.start()
    till.publish_numbered(SALE, 1201, 1400)
    headquarters.expect(range(1, 1401), topic=SALE_ABOVE)

    bascule.wait_drained()
    assert bascule.lane("up")["cursor"] >= 1400
    assert bascule.link("central")["reconnects"] >= 1
