"""With sync: normal a power cut takes the last commits, of messages that have been forwarded, too.
The journal begins a new epoch, so that nobody takes what comes next for repeats; the bookmark says
what need not be sent again. What a power cut leaves is put together: an older copy of the journal,
in another boot.

P5 P6; fault: power cut
"""
import shutil

from stage import SALE, Stage, wait_until
from stage.journal_file import opened

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central, journal={"sync": "normal"})
    till = stage.publisher(site)
    epoch = bascule.status()["epoch"]

    def publish(first, last):
        till.publish_numbered(SALE, first, last)
        headquarters.expect(range(1, last + 1))
        bascule.wait_drained()
        wait_until(lambda: bascule.lane("up")["bookmark"] >= last, "a bookmark at the centre")

    # A kill -9 is no power cut.
    publish(1, 200)
    bascule.kill()
    copy = stage.folder / "copy"
    shutil.copytree(bascule.data_dir, copy)
    bascule.start()
    assert bascule.status()["epoch"] == epoch
    publish(201, 300)

    bascule.kill()
    shutil.rmtree(bascule.data_dir)
    shutil.copytree(copy, bascule.data_dir)
    with opened(bascule.data_dir) as journal, journal:
        assert journal.execute("UPDATE meta SET value='x' WHERE key='unsynced'").rowcount == 1
    shown = bascule.cli("journal", "list")  # whoever only looks is told, and changes nothing
    assert shown.returncode == 0 and epoch in shown.stdout, shown
    bascule.start()
    assert bascule.status()["epoch"] != epoch
    assert bascule.log().count("the machine went down while the journal was open") == 1
    till.publish_numbered(SALE, 301, 400)
    headquarters.expect(range(1, 401))
    assert headquarters.repeats == 0, headquarters.repeats

    # Closed in order, it is the same journal in any boot.
    bascule.wait_drained()
    epoch = bascule.status()["epoch"]
    bascule.terminate()
    with opened(bascule.data_dir) as journal:
        assert journal.execute("SELECT * FROM meta WHERE key='unsynced'").fetchall() == []
    bascule.start()
    assert bascule.status()["epoch"] == epoch
