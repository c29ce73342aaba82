"""The journal's file is removed while the bridge runs; then its directory is moved away, and comes
back. From then on nothing is acknowledged, and the status says why, and so does an event over MQTT
at once, and another when it is over. What was removed is written anew from what is still open, also
large messages, which are in the files beside it. Nothing acknowledged is lost.

P1; fault: the journal's files vanish
"""
import json

from stage import SALE, Stage, wait_until

LARGE = "{} " + "x" * 20_000


def told(events, kind):
    """The reasons of the events of this kind."""
    said = [json.loads(one.payload) for one in events.internal]
    return [one["reason"] for one in said if one["event"] == kind]


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    events = stage.receiver(central, "bascule/store-42/events", name="events")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    central.stop()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 1, 200)
    till.publish_numbered(SALE, 201, 400, text=LARGE)
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
    headquarters.expect([*range(1, 201), *(LARGE.format(number) for number in range(201, 401)),
                         *range(401, 601)])
    bascule.wait_drained()
    wait_until(lambda: any("was moved" in why for why in told(events, "journal_resumed")),
               "word that it is over")

    before = len(told(events, "journal_paused"))
    bascule.data_dir.rename(elsewhere)
    wait_until(lambda: len(told(events, "journal_paused")) > before, "word of it at once")
    elsewhere.rename(bascule.data_dir)
    wait_until(lambda: not bascule.status()["journal"]["trouble"], "no trouble")
