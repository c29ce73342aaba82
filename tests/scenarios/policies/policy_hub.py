"""A bridge without a central broker, at the centre: two sites' readings are decided there, and what
the policy says goes back to the one broker, and does not come round again.

P4 P8
"""
import json

from stage import Stage, holds_for

ROUTES = [{"name": "readings", "direction": "up", "from": "stores/{store}/freezer/{id}",
           "policy": "freezers"}]

with Stage() as stage:
    central = stage.broker("central")
    screens = stage.receiver(central, "alarm/#", name="screen")
    hub = stage.bascule(central, None, bridge_id="hub", routes=ROUTES,
                        policies={"freezers": {"plugin": "template",
                                               "options": {"min": 0, "max": 0}}})
    for store in "store-1", "store-2":
        site = stage.broker(store)
        stage.bascule(site, central, bridge_id=store, routes=[
            {"name": "freezers", "direction": "up", "from": "freezer/{id}",
             "to": "stores/{bridge.id}/freezer/{id}"}])
        stage.publisher(site, f"sensor-{store}").publish("freezer/7", f"{store[-1]}")
    screens.wait_payload("1")
    screens.wait_payload("2")
    assert {one.topic for one in screens.unique} == {f"alarm/stores/store-{n}/freezer/7"
                                                     for n in (1, 2)}
    hub.wait_drained()
    status = hub.status()
    assert list(status["links"]) == ["site"], status["links"]
    assert hub.policy("freezers")["up"]["decided"] == 2
    assert holds_for(lambda: hub.counters("up")["received"] == 2, 1), "what it sent came back"

    # A message that can go nowhere is a mistake in the file.
    hub.settings["routes"].append({"name": "lost", "direction": "up", "from": "x"})
    hub.write()
    assert 'needs "policy" without "central"' in hub.cli("check").stderr
    hub.settings["routes"].pop()
    hub.write()
