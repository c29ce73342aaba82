"""The line drops while nothing is under way, and comes back. Central has everything, and remembers
it: nothing is sent a second time. With either client.

R4 R5, P6
"""
from stage import SALE, Stage, wait_until

for client in "native", "paho":
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        line = stage.line(central)
        headquarters = stage.receiver(central, "stores/#")
        bascule = stage.bascule(site, line, central_link={"client": client})
        till = stage.publisher(site)

        for outage in range(3):
            till.publish_numbered(SALE, 100 * outage + 1, 100 * outage + 100)
            headquarters.expect(range(1, 100 * outage + 101))
            bascule.wait_drained()
            wait_until(lambda: bascule.lane("up")["bookmark"] == bascule.lane("up")["cursor"],
                       "a bookmark of all that central has")
            line.hang_up()
            wait_until(lambda: bascule.link("central")["reconnects"] == outage + 1, "a new line")
            bascule.wait_up()

        till.publish(SALE, 301)
        headquarters.expect(range(1, 302))
        assert headquarters.repeats == 0, f"{client}: {headquarters.repeats} came again"
        assert bascule.status()["resent"] == 0
