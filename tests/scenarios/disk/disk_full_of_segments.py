"""The disk fills up with messages that lie in segments, and the bridge dies of kill -9 while it is
full. The site broker holds what is not taken in, what is in the journal drains, and segments go
with what has crossed. In the end everything has arrived, in order.

P1 P9; fault: disk full
"""
import subprocess
from pathlib import Path

from stage import SALE, Stage, wait_until

COUNT, TEXT = 1600, "{} " + "x" * 20_000

with Stage() as stage:
    disk = stage.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "none", disk], check=True)
    try:
        site, central = stage.broker("site"), stage.broker("central")
        headquarters = stage.receiver(central, "stores/#")
        bascule = stage.bascule(site, central, data_dir=disk / "journal",
                                journal={"min_free": "8MiB", "keep_forwarded": "0s"})
        till = stage.publisher(site)

        central.stop()
        bascule.wait_link("central", "down")
        till.publish_numbered(SALE, 1, COUNT, text=TEXT)
        till.wait_acknowledged()
        wait_until(lambda: bascule.backlog("up") > 300, "a few hundred messages in the journal")
        wait_until(lambda: bascule.status()["journal"]["full"], "word of the full disk")
        assert bascule.counters("up")["journaled"] < COUNT

        segments = sorted(bascule.data_dir.glob("journal.db-7*"))
        assert len(segments) > 10, segments
        bascule.kill()
        bascule.start(up=False)

        central.start()
        headquarters.expect([TEXT.format(number) for number in range(1, COUNT + 1)], deadline_s=60)
        bascule.wait_drained()
        bascule.check_books()
        wait_until(lambda: not any(map(Path.exists, segments[:5])), "the end of old segments")
        bascule.terminate()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
