"""What crosses at QoS 0 is acknowledged by nobody: it counts as forwarded, and as unconfirmed. A
route may ask for more than a message was published at.

K12: sent, unconfirmed; qos: at least 1
"""
from stage import Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    everything = stage.receiver(central, "#", qos=2)
    bascule = stage.bascule(site, central, routes=[
        {"name": "careless", "direction": "up", "from": "careless/#"},
        {"name": "careful", "direction": "up", "from": "careful/#", "qos": "at least 1"}])
    device = stage.publisher(site, "device")

    device.publish_numbered("careless/1", 1, 10, qos=0)
    device.publish_numbered("careful/1", 11, 20, qos=0)
    device.publish_numbered("careless/1", 21, 30, qos=1)
    everything.wait_count(30)
    bascule.wait_drained()
    qos = {int(one.payload): one.qos for one in everything.unique}
    assert [qos[number] for number in range(1, 31)] == [0] * 10 + [1] * 20, qos
    up = bascule.counters("up")
    assert (up["forwarded"], up["unconfirmed"]) == (30, 10), up
    assert "UNCONFIRMED" in bascule.cli("status").stdout

    # It is a part of the journal's books.
    bascule.terminate()
    bascule.start()
    assert bascule.counters("up")["unconfirmed"] == 10, bascule.counters("up")
