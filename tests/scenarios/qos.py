"""QoS 0, 1 and 2 all cross; a route can lower the QoS, and nothing raises it.

R2
"""
from stage import SALE, SALE_ABOVE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "#", qos=2)
    bascule = stage.bascule(site, central, routes=[
        {"name": "quick", "direction": "up", "from": "quick/#", "qos": 0},
        {"name": "sales", "direction": "up", "from": "pos/{rest...}",
         "to": "stores/store-42/pos/{rest...}"}])
    till = stage.publisher(site)

    for number in range(300):
        till.publish(SALE, number, qos=number % 3)
    till.publish("quick/step", "lowered", qos=2)
    till.wait_acknowledged()

    headquarters.expect(range(300), topic=SALE_ABOVE)
    arrived = {one.payload: one.qos for one in headquarters.unique}
    for number in range(300):
        published, got = number % 3, arrived[str(number)]
        assert got == published or (published, got) == (2, 1), f"QoS {published} became {got}"
    assert headquarters.wait_payload("lowered").qos == 0
    bascule.wait_drained()
