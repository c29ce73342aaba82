"""Routes that would send a message round in circles are refused before anything starts. Where the
loop goes through other machines, a message that bears our own stamp is not taken in again, and what
was dropped is told and can be looked at.

Fault: loops between routes or bridges; P5
"""
import json

from stage import Stage, holds_for, wait_until

CIRCLE = [{"name": "out", "direction": "up", "from": "#"},
          {"name": "in", "direction": "down", "from": "#"}]

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")

    circular = stage.bascule(site, central, start=False, bridge_id="circle", routes=CIRCLE)
    for command in "check", "run":
        answer = circular.cli(command)
        assert answer.returncode == 1 and "round in circles" in answer.stderr, answer
        assert "'out' and 'in'" in answer.stderr, answer

    # A second bridge, of somebody else, brings back to the site what stores sell.
    headquarters = stage.receiver(central, "sold/#")
    kitchen = stage.receiver(site, "pos/#", name="kitchen")
    bascule = stage.bascule(site, central, routes=[
        {"name": "sales", "direction": "up", "from": "pos/{rest...}", "to": "sold/{rest...}"}])
    other = stage.bascule(site, central, bridge_id="other", routes=[
        {"name": "back", "direction": "down", "from": "sold/{rest...}", "to": "pos/{rest...}"}])
    till = stage.publisher(site)

    till.publish_numbered("pos/1", 1, 20)
    headquarters.expect(range(1, 21))
    wait_until(lambda: bascule.counters("up")["repeats"] == 20,
               lambda: f"20 of our own seen, {bascule.counters('up')}")
    assert holds_for(lambda: len(headquarters.all) == 20, 0.5), headquarters.payloads()
    wait_until(lambda: len(kitchen.all) == 40,  # as sold, and as brought back
               lambda: f"40 in the kitchen, {kitchen.payloads()}")

    assert bascule.counters("up")["looped"] == 20, bascule.counters("up")
    repeats = json.loads(bascule.cli("journal", "repeats", "--json").stdout)["repeats"]
    assert [(one["kind"], one["source"], one["count"]) for one in repeats] == [
        ("looped", "other", 20)], repeats
    assert "came back" in bascule.cli("status").stdout
    assert "came back and was dropped, last 'pos/1', stamped by other" in bascule.log()
