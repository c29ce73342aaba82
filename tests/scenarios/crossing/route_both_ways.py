"""One route in both directions: what is said on either side is heard on the other, once, and goes
round nowhere. What cannot end is refused by the check.

K12: direction: both
"""
from stage import Stage, holds_for, wait_until

BOTH = [{"name": "chat", "direction": "both", "from": "chat/{rest...}"},
        {"name": "moved", "direction": "both", "from": "room/{x}", "to": "{bridge.id}/room/{x}"}]

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    bascule = stage.bascule(site, central, routes=BOTH)
    here = stage.receiver(site, "chat/#", "room/#", name="here")
    there = stage.receiver(central, "chat/#", "store-42/room/#", name="there")
    ann, bob = stage.publisher(site, "ann"), stage.publisher(central, "bob")

    ann.publish("chat/1", "from the site")
    bob.publish("chat/1", "from the centre")
    ann.publish("room/7", "moved up")
    bob.publish("store-42/room/7", "moved down")
    every = {"from the site", "from the centre", "moved up", "moved down"}
    wait_until(lambda: set(here.payloads()) == set(there.payloads()) == every,
               lambda: f"all on both sides, {here.payloads()} {there.payloads()}")
    assert holds_for(lambda: len(here.all) == len(there.all) == 4, 0.5), (here.all, there.all)
    assert there.wait_payload("moved up").topic == "store-42/room/7"
    assert here.wait_payload("moved down").topic == "room/7"

    old = stage.bascule(site, central, start=False, bridge_id="old", routes=BOTH,
                        central_link={"protocol": "3.1.1"})
    answer = old.cli("check")
    assert answer.returncode == 1 and "cannot be both" in answer.stderr, answer
