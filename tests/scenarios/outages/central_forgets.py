"""The central broker acknowledges, is killed, and comes back having forgotten everything. The
bridge misses its bookmark there and sends again what the broker had lost.

P6
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site = stage.broker("site")
    central = stage.broker("central", persistence=False)
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)

    till.publish_numbered(SALE, 1, 200)
    wait_until(lambda: bascule.lane("up")["bookmark"] >= 200, "a bookmark at the centre")

    # Nobody had subscribed; so these are gone with the broker, as are the next, which come so
    # short before its end that no bookmark knows of them.
    till.publish_numbered(SALE, 201, 300)
    wait_until(lambda: bascule.lane("up")["cursor"] >= 300, "300 accepted by central")
    central.kill()
    bascule.wait_link("central", "down")
    central.start()
    headquarters = stage.receiver(central, "stores/#")

    till.publish_numbered(SALE, 301, 400)
    headquarters.expect(range(1, 401))
    assert bascule.status()["resent"] >= 300
    bascule.wait_drained()
