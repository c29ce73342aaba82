"""Two bridges in a row: a kiosk's broker to the store's, the store's to central. What crosses both
names both, and a resend of the first does not come out twice of the second.

P5; hop limit
"""
from stage import PUBACK, Stage, wait_until

with Stage() as stage:
    kiosk, store, central = stage.broker("kiosk"), stage.broker("store"), stage.broker("central")
    line = stage.line(store)
    headquarters = stage.receiver(central, "stores/#")
    first = stage.bascule(kiosk, line, bridge_id="kiosk-7", routes=[
        {"name": "orders", "direction": "up", "from": "order/{rest...}",
         "to": "kiosk-7/order/{rest...}"}])
    second = stage.bascule(store, central, bridge_id="store-42", routes=[
        {"name": "kiosks", "direction": "up", "from": "{kiosk}/order/{rest...}",
         "to": "stores/{bridge.id}/{kiosk}/{rest...}"}])
    hungry = stage.publisher(kiosk, "screen")

    hungry.publish_numbered("order/1", 1, 100)
    headquarters.expect(range(1, 101))
    assert headquarters.unique[0].user["bascule-via"] == "kiosk-7,store-42"

    # The store's broker acknowledges, but the kiosk's bridge never hears it, and sends again.
    line.eat("broker", PUBACK, count=10)
    hungry.publish_numbered("order/1", 101, 150)
    wait_until(lambda: line.eaten == 10, "10 acknowledgements eaten")
    line.hang_up()
    hungry.publish_numbered("order/1", 151, 200)
    headquarters.expect(range(1, 201))
    first.wait_drained()
    second.wait_drained()
    assert second.counters("up")["repeats"] >= 10, second.counters("up")
    assert headquarters.repeats == 0
