"""Policies are told of the line to central as inputs; behind the gate "caught up" what the site
says waits until what central had for it has been decided.

P4, R9
"""
from stage import Stage, test_plugin, wait_until

ROUTES = [
    {"name": "ours", "direction": "up", "from": "in/{rest...}", "policy": "faulty"},
    {"name": "theirs", "direction": "down", "from": "central/{rest...}", "policy": "faulty"},
]

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    told = stage.receiver(site, "links", name="watcher")
    headquarters = stage.receiver(central, "in/#", "central/#")
    bascule = stage.bascule(
        site, line, routes=ROUTES,
        policies={"faulty": {"plugin": test_plugin("faulty"), "gate": "caught up"}})
    till = stage.publisher(site)
    merchandising = stage.publisher(central, "merchandising")
    told.expect(["up"])

    line.cut()
    told.expect(["up", "down"])
    till.publish("in/1", "ours")
    till.wait_acknowledged()
    merchandising.publish("central/1", "theirs")
    merchandising.wait_acknowledged()
    wait_until(lambda: bascule.policy("faulty")["waits_for"] == "until caught up with central",
               "the policy to wait")

    line.restore()
    told.expect(["up", "down", "up"])
    # The count in the state says who was first.
    headquarters.wait_payload("ours 2")
    headquarters.wait_payload("theirs 1")
    bascule.wait_drained()
