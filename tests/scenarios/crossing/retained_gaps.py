"""Retained values that change, or are cleared, while nobody listens: at QoS 0, with the line cut,
with the bridge stopped, with its session lost, with another target, with a broker emptied. After
each gap both sides have the same, and nothing that did not change crosses again.

R2 (state), P5
"""
from stage import Stage, holds_for, retained_at, wait_until

ROUTES = [
    {"name": "settings", "direction": "down", "from": "store/cfg/{item}", "to": "cfg/{item}"},
    {"name": "devices", "direction": "up", "from": "dev/{name}", "to": "up/dev/{name}"},
]


def kept(broker, start):
    """What the broker retains under this, by topic."""
    return {topic: payload for topic, payload in retained_at(broker).items()
            if topic.startswith(start)}


def becomes(broker, start, expected):
    wait_until(lambda: kept(broker, start) == expected,
               lambda: f"{broker.name} to retain {expected}, has {kept(broker, start)}")


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line, door = stage.line(central), stage.line(site)
    office, hall = stage.publisher(central, "office"), stage.publisher(site, "hall")
    for item in range(1, 6):
        office.publish(f"store/cfg/{item}", f"old {item}", retain=True,
                       **({"MessageExpiryInterval": 3600} if item == 5 else {}))
    for name in "abc":
        hall.publish(f"dev/{name}", f"old {name}", retain=True)
    office.wait_acknowledged()
    hall.wait_acknowledged()

    bascule = stage.bascule(door, line, routes=ROUTES)
    settings = {f"cfg/{item}": f"old {item}" for item in range(1, 6)}
    devices = {f"up/dev/{name}": f"old {name}" for name in "abc"}
    becomes(site, "cfg/", settings)
    becomes(central, "up/", devices)
    till = stage.receiver(site, "cfg/#", name="till")
    headquarters = stage.receiver(central, "up/#")
    till.wait_count(5)
    headquarters.wait_count(3)

    def changed(broker, start, expected, receiver, more):
        """The broker comes to retain this, and the receiver gets so many more, and no others."""
        becomes(broker, start, expected)
        receiver.wait_count(changed.count.setdefault(receiver.name, len(receiver.unique)) + more)
        changed.count[receiver.name] += more
        assert holds_for(
            lambda: len(receiver.unique) == changed.count[receiver.name], 1), (
            f"unchanged values crossed again: {receiver.unique[-5:]}")
    changed.count = {"till": 5, "headquarters": 3}

    # Central's line is cut. One value changes twice, at QoS 1 and last at QoS 0; one is cleared;
    # one is new.
    line.cut()
    bascule.wait_link("central", "down")
    office.publish("store/cfg/1", "newer", qos=1, retain=True)
    office.publish("store/cfg/1", "newest", qos=0, retain=True)
    office.publish("store/cfg/2", "", qos=0, retain=True)
    office.publish("store/cfg/6", "first", qos=0, retain=True)
    becomes(central, "store/", {
        "store/cfg/1": "newest", "store/cfg/6": "first",
        **{f"store/cfg/{item}": f"old {item}" for item in (3, 4, 5)}})
    line.restore()
    del settings["cfg/2"]
    settings |= {"cfg/1": "newest", "cfg/6": "first"}
    changed(site, "cfg/", settings, till, 4)
    assert till.payloads("cfg/1") == ["old 1", "newer", "newest"], till.payloads("cfg/1")

    # The same at the site, while the bridge is stopped.
    bascule.terminate()
    hall.publish("dev/a", "new a", qos=0, retain=True)
    hall.publish("dev/b", "", qos=0, retain=True)
    becomes(site, "dev/", {"dev/a": "new a", "dev/c": "old c"})
    bascule.start()
    devices = {"up/dev/a": "new a", "up/dev/c": "old c"}
    changed(central, "up/", devices, headquarters, 2)

    # The session at central is lost, and a value cleared. What counts down to its end has not
    # changed.
    bascule.terminate()
    office.publish("store/cfg/3", "", qos=0, retain=True)
    becomes(central, "store/cfg/3", {})
    bascule.settings["central"]["client_id"] = "another"
    bascule.write()
    bascule.start()
    del settings["cfg/3"]
    changed(site, "cfg/", settings, till, 1)

    # Another target: the values go there, and what stood at the old one goes.
    bascule.terminate()
    bascule.settings["routes"][1]["to"] = "up/north/{name}"
    bascule.write()
    bascule.start()
    changed(central, "up/", {"up/north/a": "new a", "up/north/c": "old c"}, headquarters, 4)

    # Central forgets everything. What it had of the site comes again; what the site has of it
    # stays.
    central.empty()
    central.start()
    becomes(central, "up/", {"up/north/a": "new a", "up/north/c": "old c"})
    becomes(site, "cfg/", settings)
    bascule.wait_up()
    office.publish("store/cfg/4", "after", retain=True)
    settings["cfg/4"] = "after"
    becomes(site, "cfg/", settings)
    bascule.wait_drained()
