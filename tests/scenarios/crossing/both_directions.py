"""Sales go up while orders come down, with an interruption of each line, and neither disturbs the
other.

R2 R3, P2
"""
from stage import ORDER, ORDER_ABOVE, SALE, SALE_ABOVE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    site_line, central_line = stage.line(site), stage.line(central)
    everyone_above = stage.receiver(central, "#")
    everyone_at_site = stage.receiver(site, "#", name="manager")
    bascule = stage.bascule(site_line, central_line)
    till = stage.publisher(site)
    headquarters = stage.publisher(central, "merchandising")

    def exchange(first, last):
        for number in range(first, last + 1):
            till.publish(SALE, number)
            headquarters.publish(ORDER_ABOVE, number)

    exchange(1, 500)
    central_line.cut()
    exchange(501, 1000)
    central_line.restore()
    site_line.hang_up()
    exchange(1001, 1500)

    everyone_above.expect(range(1, 1501), topic=SALE_ABOVE)
    everyone_at_site.expect(range(1, 1501), topic=ORDER)
    bascule.wait_drained()

    # Nothing came back to where it was from.
    assert len(everyone_above.payloads(ORDER_ABOVE)) == 1500
    assert {one.topic for one in everyone_above.unique} == {SALE_ABOVE, ORDER_ABOVE}
    assert {one.topic for one in everyone_at_site.unique} == {SALE, ORDER}
