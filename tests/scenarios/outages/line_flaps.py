"""The line to central comes and goes, fifteen times. The bridge keeps coming back by itself, and
everything arrives once and in order.

R3 R4
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, line)
    till = stage.publisher(site)

    sold = 0
    for flap in range(15):
        till.publish_numbered(SALE, sold + 1, sold + 100)
        sold += 100
        headquarters.wait_count(sold - 90)
        if flap % 3:
            line.hang_up()
        else:
            line.cut()
            wait_until(lambda: bascule.link("central")["state"] == "down", "the link down")
            line.restore()

    headquarters.expect(range(1, sold + 1))
    bascule.wait_drained()
