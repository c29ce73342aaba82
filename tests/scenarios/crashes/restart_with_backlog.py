"""A bridge with a backlog is stopped, and another time killed. Each time it resumes where it left
off, not at the start, and nothing that waited is lost.

R4 R5, P3 P7
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)

    till.publish_numbered(SALE, 1, 500)
    headquarters.expect(range(1, 501))
    bascule.wait_drained()

    central.stop()
    till.publish_numbered(SALE, 501, 1500)
    wait_until(lambda: bascule.backlog("up") >= 1000, "1000 sales in the journal")
    assert bascule.terminate() == 0

    bascule.start(up=False)
    bascule.wait_link("site", "up")
    assert bascule.backlog("up") >= 1000
    till.publish_numbered(SALE, 1501, 2000)
    wait_until(lambda: bascule.backlog("up") >= 1500, "1500 sales in the journal")
    bascule.kill()

    central.start()
    bascule.start()
    headquarters.expect(range(1, 2001))
    bascule.wait_drained()
    assert headquarters.repeats < 500, f"{headquarters.repeats} repeats: it began at the start"
