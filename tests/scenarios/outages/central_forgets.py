"""The central broker acknowledges, is killed, and comes back having forgotten everything. The
bridge misses its bookmark there and sends again what the broker had lost; also where the broker had
no bookmark yet, for it has lost the bridge's session, too.

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


class NoBookmark:
    """Answers the bridge's question there, and takes no bookmark."""

    def __init__(self, bridge):
        self._topic, self._asked = f"bascule/{bridge}/bookmark/up", False

    def __call__(self, topic):
        if topic != self._topic:
            return 0
        taken, self._asked = not self._asked, True
        return 0 if taken else 0x97


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central", persistence=False)
    line = stage.line(central)
    line.refuse = NoBookmark("store-42")
    bascule = stage.bascule(site, line, central_link={"retained": "trust"})
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 10)
    wait_until(lambda: bascule.counters("up")["forwarded"] == 10, "10 accepted by central")
    wait_until(lambda: line.refused > 0, "a bookmark refused")
    assert bascule.lane("up")["bookmark"] == 0

    line.cut()
    central.kill()
    central.start()
    headquarters = stage.receiver(central, "stores/#")
    line.refuse = None
    line.restore()
    headquarters.expect(range(1, 11))
    bascule.wait_drained()
    assert bascule.link("central")["forgot"]["evidence"] == "session-gone"
