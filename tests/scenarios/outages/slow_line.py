"""The line to central becomes very slow. The link counts as slow, which policies read as offline;
the site is served as fast as ever.

R1 R9
"""
import time

from stage import SALE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, line, central_link={"slow_after": "500ms"})
    till = stage.publisher(site)
    till.publish(SALE, 0)
    headquarters.expect([0])

    line.delay_s = 0.6
    till.publish(SALE, 1)
    bascule.wait_link("central", "slow")

    since = time.monotonic()
    till.publish_numbered(SALE, 2, 501)
    till.wait_acknowledged()
    assert time.monotonic() - since < 2, "the site waits for central"

    line.delay_s = 0
    headquarters.expect(range(502))
    till.publish(SALE, 502)
    bascule.wait_link("central", "up")
    bascule.wait_drained()
