"""The disk fills up. The bridge stops taking messages in, and the site broker holds them; what is
in the journal goes on draining, and in the end everything has arrived. Nothing acknowledged is
lost.

P1 P9; fault: disk full
"""
import subprocess

from stage import SALE, Stage, wait_until

COUNT, TEXT = 8000, "{} " + "x" * 4000

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

        central.start()
        headquarters.expect([TEXT.format(number) for number in range(1, COUNT + 1)], deadline_s=60)
        bascule.wait_drained()
        bascule.check_books()
        bascule.terminate()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
