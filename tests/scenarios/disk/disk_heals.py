"""The journal fills its disk, for min_free is 0; then others fill a disk to the last byte, also one
that is so small that the journal's log and its ballast are most of it. The line comes back: what
waits drains, the status keeps its numbers, and the bridge starts on the full disk. Nothing
acknowledged is lost, and once there is room messages are taken in again. That nothing is taken in
is one line in the log, however often there is room for a moment.

P1 P9; fault: disk full
"""
from stage import SALE, Disk, Stage, wait_until

TEXT = "{} " + "x" * 4000
ROUTES = [{"name": "sales", "direction": "up", "from": "pos/{rest...}", "to": "stores/{rest...}"}]


def play(stage, disk, name, journal, count, fill):
    site, central = stage.broker(f"site-{name}"), stage.broker(f"central-{name}")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central, bridge_id=name, data_dir=disk.path / "journal",
                            journal=journal, routes=ROUTES)
    till = stage.publisher(site)
    central.stop()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 1, count, text=TEXT)
    till.wait_acknowledged()
    if fill:
        wait_until(lambda: bascule.counters("up")["journaled"] == count, "all in the journal")
        disk.fill(leave_mib=0)
    else:
        wait_until(lambda: bascule.status()["journal"]["full"], "word of the full disk")
    waiting = bascule.backlog("up")
    assert waiting > 300, waiting

    # Whoever starts on the full disk finds all of it.
    bascule.terminate()
    bascule.start(up=False)
    wait_until(lambda: bascule.status(), "an answer of the bridge")
    assert bascule.backlog("up") >= waiting, bascule.status()["lanes"]

    central.start()
    sold = [TEXT.format(number) for number in range(1, count + 1)]
    headquarters.expect(sold, deadline_s=90)
    if fill:
        # What drained while nothing could be written is noted as soon as it can be.
        till.publish(SALE, "there is room")
        disk.free()
        headquarters.expect([*sold, "there is room"])
    bascule.wait_drained()
    assert bascule.counters("up")["journaled"] == count + fill
    wait_until(lambda: not bascule.status()["journal"]["full"], "room")
    wait_until((disk.path / "journal" / "ballast").exists, "the ballast")
    till.publish_numbered(SALE, count + 1, count + 500, text=TEXT)
    till.wait_acknowledged()
    paused = bascule.log().count("nothing more that comes from the site broker is acknowledged")
    assert paused <= 4, bascule.log()
    bascule.terminate()


with Stage() as stage:
    for name, mib, journal, count, fill in (
            ("own", 40, {"min_free": "0B", "keep_forwarded": "0s"}, 12_000, False),
            ("others", 64, {"min_free": "4MiB"}, 500, True),
            ("small", 24, {"min_free": "8MiB", "keep_forwarded": "0s"}, 500, True)):
        disk = Disk(stage.folder / name)
        disk.mount(mib)
        try:
            play(stage, disk, name, journal, count, fill)
        finally:
            disk.umount()
