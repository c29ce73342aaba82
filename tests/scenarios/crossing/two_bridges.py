"""Two bridges are started with one identity. On the same journal the second is refused at once; on
another machine, with a journal of its own, the takeovers are noticed, and it does not come to a
fight that floods the broker.

Fault: two bridges with one client id
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central, other_site = stage.broker("site"), stage.broker("central"), stage.broker("other")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)

    # The same journal.
    again = bascule.cli("run")
    assert again.returncode == 1, again
    assert again.stderr.strip().count("\n") == 0 and str(bascule.data_dir) in again.stderr, again

    # The same id, with its own journal, as if the disk had been cloned to another box.
    folder = stage.folder / "twin"
    folder.mkdir()
    twin = stage.bascule(other_site, central, start=False, folder=folder)
    twin.start(up=False)
    noticed = ("taken over", "takeover", "same client id", "another client")
    wait_until(lambda: any(word in (bridge.link("central")["last_error"] or "")
                           for bridge in (bascule, twin) for word in noticed),
               lambda: f"takeovers noticed, {bascule.link('central')} {twin.link('central')}")
    reconnects = bascule.link("central")["reconnects"]
    assert reconnects < 50, f"{reconnects} reconnects: a fight"

    # With the twin gone, all is well again.
    twin.terminate()
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 100)
    headquarters.expect(range(1, 101), deadline_s=60)
