"""The central broker is killed and forgets all sessions, the receivers' too. Two links: one waits
until a receiver says that it is there, or so long at the most; what is sent before is for nobody.
The other has not been told to wait, sends at once, and warns.

P6; settle, settle_topic
"""
from stage import SALE, Stage, wait_until

READY = "office/ready"


def shop_of(stage, **central_link):
    site, central = stage.broker("site"), stage.broker("central", persistence=False)
    line = stage.line(central)
    bascule = stage.bascule(site, line, central_link=central_link)
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 20)
    wait_until(lambda: bascule.lane("up")["bookmark"] == 20, "a bookmark of 20")
    line.cut()
    central.kill()
    central.start()
    line.restore()
    bascule.wait_link("central", "up", "slow")
    till.publish_numbered(SALE, 21, 30)
    wait_until(lambda: "and perhaps the sessions of who receives there" in
               bascule.log(), "a warning")
    wait_until(lambda: bascule.counters("up")["journaled"] == 30, "30 in the journal")
    return central, bascule


with Stage() as stage:
    central, bascule = shop_of(stage, settle="10m", settle_topic=READY)
    assert bascule.counters("up")["forwarded"] == 20, bascule.counters("up")
    headquarters = stage.receiver(central, "stores/#")
    stage.publisher(central, "office").publish(READY, "here")
    headquarters.expect(range(1, 31))
    bascule.wait_drained()

with Stage() as stage:
    central, bascule = shop_of(stage, settle="1s")
    headquarters = stage.receiver(central, "stores/#")
    bascule.wait_drained()
    assert bascule.status()["resent"] >= 20

with Stage() as stage:
    central, bascule = shop_of(stage)
    bascule.wait_drained()
    assert "'settle' makes the bridge wait" in bascule.log()
