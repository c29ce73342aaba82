"""The bridge is away from central for longer than its session lasts there. So the broker ends the
session, as it should: nothing that it had accepted crosses again, and it is not blamed. What it had
queued for the bridge is gone, and status says so. The same holds for a bridge that is killed.

P6
"""
from stage import SALE, Stage, wait_until

EXPIRY_S = 2


with Stage() as stage:
    site = stage.broker("site")
    central = stage.broker("central", options=["sys_interval 1"])
    expired = stage.receiver(central, "$SYS/broker/clients/expired", name="watcher")
    line = stage.line(central)
    # Without a bookmark the session is the only witness.
    bascule = stage.bascule(site, line, central_link={
        "session_expiry": f"{EXPIRY_S}s", "own_topics": {"bookmark": "off"}})
    headquarters = stage.receiver(central, "stores/#")
    till = stage.publisher(site)

    def outage(away, back, expired_then):
        away()
        expired.wait_payload(str(expired_then))
        back()
        bascule.wait_up()

    till.publish_numbered(SALE, 1, 200)
    headquarters.expect(range(1, 201))
    bascule.wait_drained()  # what is not acknowledged yet would come twice
    outage(line.cut, line.restore, 1)
    till.publish_numbered(SALE, 201, 300)
    headquarters.expect(range(1, 301))
    bascule.wait_drained()
    link = bascule.link("central")
    assert link["forgot"] is None, link
    assert link["expired"]["sessions"] == 1 and link["expired"]["expiry_s"] == EXPIRY_S, link
    assert link["expired"]["away_s"] >= EXPIRY_S * 0.9, link
    assert bascule.status()["resent"] == 0
    assert not headquarters.repeats, headquarters.repeats
    assert "has ended by its expiry of 2 s" in bascule.log()
    assert "session there ended by its expiry" in bascule.cli("status").stdout

    outage(bascule.kill, bascule.start, 2)
    till.publish_numbered(SALE, 301, 400)
    headquarters.expect(range(1, 401))
    bascule.wait_drained()
    assert bascule.link("central")["forgot"] is None
    assert bascule.link("central")["expired"]["sessions"] == 2
    assert not headquarters.repeats, headquarters.repeats

    # What comes from the site before central can be reached says nothing of when it was left.
    bascule.kill()
    line.cut()
    expired.wait_payload("3")
    till.publish_numbered(SALE, 401, 450)
    bascule.start(up=False)
    bascule.wait_link("site", "up")
    wait_until(lambda: bascule.backlog("up") >= 50, "50 more in the journal")
    line.restore()
    headquarters.expect(range(1, 451))
    bascule.wait_drained()
    assert bascule.link("central")["forgot"] is None, bascule.link("central")
    assert bascule.link("central")["expired"]["sessions"] == 3
    assert not headquarters.repeats, headquarters.repeats
    # What waited there may have been orders, so somebody has to know.
    assert "session there ended" in bascule.cli("status", "--check").stdout
    assert bascule.cli("acknowledge", "central").returncode == 0
    assert "session there ended" not in bascule.cli("status", "--check").stdout
    bascule.check_books()
