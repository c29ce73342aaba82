"""The site broker is away for a while. What central publishes for the site meanwhile is taken into
the journal at once, and reaches the site when its broker is back, in order.

R3 R5 R6, P2
"""
from stage import ORDER, ORDER_ABOVE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    kitchen = stage.receiver(site, "orders/#", name="kitchen")
    bascule = stage.bascule(site, central)
    headquarters = stage.publisher(central, "headquarters")

    headquarters.publish_numbered(ORDER_ABOVE, 1, 200)
    kitchen.expect(range(1, 201))

    site.stop()
    bascule.wait_link("site", "down")
    headquarters.publish_numbered(ORDER_ABOVE, 201, 1200)
    wait_until(lambda: bascule.backlog("down") >= 1000, "1000 orders waiting in the journal")

    site.start()
    kitchen.expect(range(1, 1201), topic=ORDER)
    bascule.wait_drained()
