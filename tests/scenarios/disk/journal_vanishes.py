"""The journal's file is removed while the bridge runs; then its directory is moved away, and comes
back. From then on nothing is acknowledged, and the status says why. What was removed is written
anew from what is still open. Nothing acknowledged is lost.

P1; fault: the journal's files vanish
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    central.stop()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 1, 400)
    till.wait_acknowledged()
    wait_until(lambda: bascule.counters("up")["journaled"] == 400, "all in the journal")

    for file in bascule.data_dir.glob("journal.db*"):
        file.unlink()
    till.publish_numbered(SALE, 401, 500)
    till.wait_acknowledged()
    wait_until(lambda: "journal.db was removed; it is there again" in bascule.log(), "word of it")
    wait_until(lambda: bascule.counters("up")["journaled"] == 500, "what came meanwhile")
    bascule.kill()
    bascule.start(up=False)
    wait_until(lambda: bascule.status(), "an answer of the bridge")
    assert bascule.lane("up")["backlog"] == 500, bascule.status()["lanes"]

    elsewhere = bascule.data_dir.with_suffix(".elsewhere")
    bascule.data_dir.rename(elsewhere)
    wait_until(lambda: "was moved" in (bascule.status()["journal"]["trouble"] or ""), "trouble")
    till.publish_numbered(SALE, 501, 600)
    bascule.wait_link("site", "paused")
    assert not bascule.data_dir.exists()
    elsewhere.rename(bascule.data_dir)
    central.start()
    headquarters.expect(range(1, 601))
    bascule.wait_drained()
