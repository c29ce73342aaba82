"""The line to central turns into a black hole: open, and silent. It is noticed within 1.2 times the
keep alive, and the site notices nothing.

R9; fault: half-open line
"""
import time

from stage import SALE, Stage

KEEP_ALIVE_S = 3

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, line, central_link={"keep_alive": f"{KEEP_ALIVE_S}s"})
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 100)
    headquarters.expect(range(1, 101))
    bascule.wait_drained()

    # With something to say: from the first byte that got no answer.
    line.swallow()
    since = time.monotonic()
    till.publish_numbered(SALE, 101, 200)
    bascule.wait_link("central", "down")
    noticed_s = time.monotonic() - since
    assert noticed_s <= 1.2 * KEEP_ALIVE_S + 0.5, f"noticed after {noticed_s:.1f} s"
    line.hang_up()
    line.restore()
    headquarters.expect(range(1, 201))
    bascule.wait_drained()

    # Idle: from the ping that got none, which may be one keep alive later.
    line.swallow()
    since = time.monotonic()
    bascule.wait_link("central", "down")
    noticed_s = time.monotonic() - since
    assert noticed_s <= 2.2 * KEEP_ALIVE_S + 0.5, f"noticed after {noticed_s:.1f} s"
    line.hang_up()
    line.restore()
    bascule.wait_link("central", "up", "slow")
    bascule.wait_drained()
