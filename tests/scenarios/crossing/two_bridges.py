"""Two bridges are started with one identity. On the same journal the second is refused at once; on
another machine, with a journal of its own, the takeovers are noticed, and it does not come to a
fight that floods the broker. That each writes over the other's bookmark is told by both and by the
doctor, also where their client ids differ; no broker is accused of having forgotten.

Fault: two bridges with one client id
"""
import json

from stage import SALE, SALE_ABOVE, Stage, wait_until

with Stage() as stage:
    site, central, other_site = stage.broker("site"), stage.broker("central"), stage.broker("other")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 10)
    wait_until(lambda: bascule.lane("up")["bookmark"] >= 10, "a bookmark of ours")

    def knows(bridge):
        return "another bridge has the id store-42" in (bridge.link("central")["warning"] or "")

    def doctor(bridge):
        """What it says of the id at the centre, and how bad it is."""
        told = json.loads(bridge.cli("doctor", "--json").stdout)["checks"]
        return next((one["result"], one["text"]) for one in told
                    if (one["where"], one["check"]) == ("central", "bridge id"))

    assert doctor(bascule)[0] == "ok", doctor(bascule)

    # The same journal.
    again = bascule.cli("run")
    assert again.returncode == 1, again
    assert again.stderr.strip().count("\n") == 0 and str(bascule.data_dir) in again.stderr, again

    # The same id, with its own journal, as if the disk had been cloned to another box.
    folder = stage.folder / "twin"
    folder.mkdir()
    twin = stage.bascule(other_site, central, start=False, folder=folder)
    level, said = doctor(twin)
    assert level == "error" and "give one of them another bridge.id" in said, said
    twin.start(up=False)
    noticed = ("taken over", "takeover", "same client id", "another client")
    wait_until(lambda: any(word in (bridge.link("central")["last_error"] or "")
                           for bridge in (bascule, twin) for word in noticed),
               lambda: f"takeovers noticed, {bascule.link('central')} {twin.link('central')}")
    reconnects = bascule.link("central")["reconnects"]
    assert reconnects < 50, f"{reconnects} reconnects: a fight"

    wait_until(lambda: knows(bascule), lambda: f"the twin seen, {bascule.link('central')}")

    # With other client ids both stay connected: each hears the other's bookmark.
    twin.terminate()
    bascule.wait_up()
    twin.settings["central"]["client_id"] = "the-other-box"
    twin.write()
    twin.start()
    shop = stage.publisher(other_site, "other-till")

    def both_know():
        till.publish("pos/till-2/sale", "more")
        shop.publish("pos/till-2/sale", "more")
        return knows(bascule) and knows(twin)

    wait_until(both_know, lambda: f"{bascule.link('central')} {twin.link('central')}")
    for bridge in bascule, twin:
        forgot = bridge.link("central")["forgot"]
        assert not forgot or forgot["bookmarks"] == 0, forgot
    assert [doctor(bridge)[0] for bridge in (bascule, twin)].count("error") >= 1, doctor(twin)

    # With the twin gone, all is well again, once our own bookmark was found there.
    twin.terminate()
    till.publish_numbered(SALE, 11, 110)
    headquarters.expect(range(1, 111), topic=SALE_ABOVE, deadline_s=60)
    bascule.wait_drained()
    wait_until(lambda: bascule.lane("up")["bookmark"] == bascule.lane("up")["cursor"], "a bookmark")
    bascule.terminate()
    bascule.start()
    assert not knows(bascule), bascule.link("central")
    assert doctor(bascule)[0] == "ok", doctor(bascule)
