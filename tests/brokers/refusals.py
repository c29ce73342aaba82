"""An access list that refuses the bridge a topic, and is mended: everything else crosses meanwhile,
what was refused crosses then by itself, in order. A route that may not subscribe costs that route
alone; a bridge that may not have its own topics loses its bookmark, not the link.

K4, K5: refusals
"""
from checks import waits
from others import credentials, watched_link
from stage.waiting import wait_until

COUNT = 20
DEADLINE_S = 90


def refusals(stage, broker):
    if not hasattr(broker, "deny"):
        return {"a topic is refused": "not tried"}
    return {**publishing(stage, broker), **subscribing(stage, broker), **own_topics(stage, broker)}


def publishing(stage, broker):
    login, _ = credentials(broker)
    site = stage.broker("site")
    till = stage.publisher(site)
    headquarters = stage.receiver(broker, "up/#", protocol=4, numbered=True, **login)
    broker.deny("up/denied/#")
    bridge = stage.bascule(site, broker, central_link=watched_link(broker), routes=[
        {"name": "up", "direction": "up", "from": "up/{rest...}"}])
    for number in range(1, COUNT + 1):
        till.publish("up/denied/1", f"denied {number}")
        till.publish("up/allowed/1", f"allowed {number}")
    expect(headquarters, "allowed")
    wait_until(lambda: bridge.backlog("up") == sum(bridge.held().values()),
               lambda: f"nothing but held ones, has {bridge.status()['lanes']}", DEADLINE_S)
    bridge.check_books()
    held, connections = bridge.held(), bridge.link("central")["reconnects"]
    assert bridge.counters("up")["quarantined"] == 0, bridge.counters("up")
    if not held:
        broker.allow()
        assert headquarters.payloads("up/denied/1") == [], "the access list forbids nothing"
        bridge.terminate()
        return {"a topic is refused": "accepted, and thrown away"}
    assert held == {"up/denied/1": COUNT}, held
    assert connections <= 12, f"{connections} connections over one topic"
    shown = bridge.cli("status").stdout
    assert shown.index("up/denied/1") < shown.index("LINK"), shown
    broker.allow()
    till.publish("up/allowed/1", "after the mend")
    headquarters.wait_payload("after the mend", DEADLINE_S)
    expect(headquarters, "denied")
    bridge.wait_drained(DEADLINE_S)
    assert bridge.held() == {}, bridge.held()
    bridge.terminate()
    how = "closes; held" if connections else "held"
    return {"a topic is refused": f"{how}, crosses once mended"}


def expect(receiver, word):
    """All of that topic, each once (by its payload) and in order."""
    receiver.expect([f"{word} {number}" for number in range(1, COUNT + 1)]
                    + ["after the mend"] * ("after the mend" in receiver.payloads()
                                            and word == "allowed"),
                    f"up/{word}/1", DEADLINE_S)


def subscribing(stage, broker):
    login, _ = credentials(broker)
    site = stage.broker("kitchen-site")
    kitchen = stage.receiver(site, "down/#", name="kitchen", numbered=True)
    office = stage.publisher(broker, "office", protocol=4, **login)
    broker.deny("down/denied/#")
    bridge = stage.bascule(site, broker, bridge_id="kitchen", central_link=watched_link(broker),
                           start=False, routes=[
        {"name": "denied", "direction": "down", "from": "down/denied/{rest...}"},
        {"name": "allowed", "direction": "down", "from": "down/allowed/{rest...}"}])
    bridge.start(up=False)
    bridge.wait_link("site", "up")

    def state():
        """Of the route; None while it is not known."""
        states = [route["state"] for route in (bridge.status() or {}).get("routes", [])
                  if route["name"] == "denied"]
        return states[0] if states and states[0] not in ("offline", "asking") else None

    waits(state, DEADLINE_S)
    told = {"refused": "told", "unanswered": "told as unanswered", "subscribed": "granted"}.get(
        state(), "link down")
    office.publish("down/denied/1", "denied")
    office.publish("down/allowed/1", "allowed")
    crosses = waits(lambda: "allowed" in kitchen.payloads(), DEADLINE_S)
    silent = "denied" not in kitchen.payloads()
    broker.allow()

    def mended():
        office.publish("down/denied/1", f"mended {len(kitchen.all)}")
        return waits(lambda: any(text.startswith("mended") for text in kitchen.payloads()), 2)

    later = waits(mended, DEADLINE_S)
    bridge.check_books()
    bridge.terminate()
    office.leave()
    if not silent:
        return {"a subscription is refused": "it is not"}
    words = [told, "others cross" if crosses else "nothing crosses",
             "comes once mended" if later else "not once mended"]
    return {"a subscription is refused": ", ".join(words)}


def own_topics(stage, broker):
    login, _ = credentials(broker)
    site = stage.broker("shop-site")
    till = stage.publisher(site, "till-2")
    headquarters = stage.receiver(broker, "shop/#", name="shop-headquarters", protocol=4,
                                  numbered=True, **login)
    broker.deny("bascule/#")
    bridge = stage.bascule(site, broker, bridge_id="shop", central_link=watched_link(broker),
                           start=False, routes=[
        {"name": "up", "direction": "up", "from": "shop/{rest...}"}])
    bridge.start(up=False)
    bridge.wait_link("site", "up")
    till.publish_numbered("shop/1", 1, COUNT)
    crosses = waits(lambda: len(headquarters.payloads()) == COUNT, DEADLINE_S)
    told = waits(lambda: "goes unnoticed" in (bridge.link("central")["warning"] or ""), DEADLINE_S)
    assert told, bridge.link("central")
    assert "goes unnoticed" in bridge.cli("status").stdout
    bridge.check_books()
    broker.allow()
    return {"bascule/# is refused": "the rest crosses" if crosses else "nothing crosses"}
