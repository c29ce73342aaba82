"""The way to central leads through a web proxy: MQTT over WebSockets, with an outage and a crash.

R3 R4; the contract's schemes ws and wss
"""
from stage import ORDER, ORDER_ABOVE, SALE, SALE_ABOVE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    door = central.websocket_door()
    headquarters = stage.receiver(central, SALE_ABOVE)
    kitchen = stage.receiver(site, ORDER, name="kitchen")
    bascule = stage.bascule(site, door)
    till = stage.publisher(site)
    buyer = stage.publisher(central, "buyer")

    def exchange(first, last):
        till.publish_numbered(SALE, first, last)
        buyer.publish_numbered(ORDER_ABOVE, first, last)

    exchange(1, 100)
    headquarters.expect(range(1, 101))
    kitchen.expect(range(1, 101))

    central.stop()
    till.publish_numbered(SALE, 101, 200)
    central.start()
    buyer.publish_numbered(ORDER_ABOVE, 101, 200)
    bascule.kill()
    bascule.start()
    exchange(201, 300)
    headquarters.expect(range(1, 301))
    kitchen.expect(range(1, 301))
    bascule.wait_drained()
