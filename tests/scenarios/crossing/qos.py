"""QoS 0, 1 and 2 all cross; a route can lower the QoS, and nothing raises it.

R2
"""
from stage import Stage

with Stage() as stage:
    # With 20 in flight and others waiting, mosquitto 2.0.11 may let a new message pass those. With
    # a window this wide none waits.
    wide = ["max_inflight_messages 1000"]
    site, central = stage.broker("site", options=wide), stage.broker("central", options=wide)
    headquarters = stage.receiver(central, "#", qos=2)
    bascule = stage.bascule(site, central, routes=[
        {"name": "quick", "direction": "up", "from": "quick/#", "qos": 0},
        {"name": "sales", "direction": "up", "from": "pos/{rest...}"}])
    till = stage.publisher(site)

    for number in range(100):
        for qos in 0, 1, 2:
            till.publish(f"pos/{qos}", number, qos)
    till.publish("quick/step", "lowered", qos=2)

    for qos in 0, 1, 2:
        headquarters.expect(range(100), topic=f"pos/{qos}")
    till.wait_acknowledged()
    for one in headquarters.unique:
        if one.topic.startswith("pos/"):
            published = int(one.topic[-1])
            assert one.qos == published, one
    assert headquarters.wait_payload("lowered").qos == 0
    bascule.wait_drained()
