"""Two bridges are started with one identity. On the same journal the second is refused at once; on
another machine, with a journal of its own, the takeovers are noticed, and it does not come to a
fight that floods the broker. The doctor says it before the second is started, and after.

Fault: two bridges with one client id
"""
import json

from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central, other_site = stage.broker("site"), stage.broker("central"), stage.broker("other")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 10)
    wait_until(lambda: bascule.lane("up")["bookmark"] >= 10, "a bookmark of ours")

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

    # With other client ids both stay connected: the bookmark is of one of them.
    twin.terminate()
    bascule.wait_up()
    twin.settings["central"]["client_id"] = "the-other-box"
    twin.write()
    twin.start()

    def both_told():
        results = [doctor(bridge) for bridge in (bascule, twin)]
        return any(level == "error" and "writes the bookmark here" in said
                   for level, said in results)

    wait_until(both_told, lambda: f"{doctor(bascule)} {doctor(twin)}")

    # With the twin gone, all is well again.
    twin.terminate()
    till.publish_numbered(SALE, 11, 110)
    headquarters.expect(range(1, 111), deadline_s=60)
    wait_until(lambda: doctor(bascule)[0] == "ok", lambda: f"all well, {doctor(bascule)}")
