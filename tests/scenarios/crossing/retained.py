"""Retained messages cross as the routes say: kept, cleared or set. What was retained before the
bridge came crosses once; it does not cross again unchanged when the broker has lost our session.

R2 (near real time for state), P5
"""
from stage import Stage, holds_for, wait_until

ROUTES = [
    {"name": "menu", "direction": "up", "from": "menu/{item}", "to": "up/menu/{item}",
     "retain": "keep"},
    {"name": "bell", "direction": "up", "from": "bell/{door}", "to": "up/bell/{door}",
     "retain": "clear"},
    {"name": "level", "direction": "up", "from": "level/{tank}", "to": "up/level/{tank}",
     "retain": "set"},
]

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    device = stage.publisher(site, "device")
    for item in range(100):
        device.publish(f"menu/{item}", f"price {item}", retain=True)
    device.wait_acknowledged()

    headquarters = stage.receiver(central, "up/#")
    bascule = stage.bascule(site, central, routes=ROUTES)
    headquarters.wait_count(100)

    device.publish("bell/front", "ding", retain=True)
    device.publish("level/1", "17", retain=False)
    device.publish("menu/0", "sold out", retain=True)
    headquarters.wait_count(103)
    late = stage.receiver(central, "up/#", name="late")
    wait_until(lambda: len(late.unique) >= 101, "the retained messages at the centre")
    above = {one.topic: one.payload for one in late.unique}
    assert above["up/menu/0"] == "sold out" and above["up/menu/99"] == "price 99"
    assert above["up/level/1"] == "17"
    assert "up/bell/front" not in above

    # A retained message is deleted by an empty one; so is its copy.
    device.publish("menu/1", "", retain=True)
    headquarters.wait_count(104)
    later = stage.receiver(central, "up/menu/+", name="later")
    wait_until(lambda: len(later.unique) >= 99, "the menu")
    assert "up/menu/1" not in {one.topic for one in later.unique}

    # The site broker loses our session, but not what is retained: a new client id does that.
    bascule.terminate()
    bascule.settings["site"]["client_id"] = "another"
    bascule.write()
    bascule.start()
    device.publish("menu/2", "half price", retain=True)
    headquarters.wait_payload("half price")
    assert holds_for(lambda: len(headquarters.unique) == 105, 1), (
        f"unchanged retained messages crossed again: {headquarters.unique[104:]}")
