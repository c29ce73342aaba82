"""MQTT 3.1.1 and MQTT 5 on either side, in all four combinations: everything crosses both ways.

R2
"""
from stage import ORDER, ORDER_ABOVE, SALE, SALE_ABOVE, Stage

NUMBER = {"3.1.1": 4, "5": 5}

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, SALE_ABOVE, name="receiver-above", protocol=4)
    kitchen = stage.receiver(site, ORDER, name="kitchen")
    till = stage.publisher(site, protocol=4)
    merchandising = stage.publisher(central, "merchandising")

    last = 0
    for at_site in NUMBER:
        for at_central in NUMBER:
            bascule = stage.bascule(site, central, site_link={"protocol": at_site},
                                    central_link={"protocol": at_central})
            assert bascule.link("site")["protocol"] == NUMBER[at_site]
            assert bascule.link("central")["protocol"] == NUMBER[at_central]
            till.publish_numbered(SALE, last + 1, last + 50)
            merchandising.publish_numbered(ORDER_ABOVE, last + 1, last + 50)
            last += 50
            headquarters.expect(range(1, last + 1))
            kitchen.expect(range(1, last + 1))
            bascule.wait_drained()
            bascule.check_books()
            assert bascule.terminate() == 0
