"""Routes that would send a message round in circles are refused before anything starts. Where the
loop goes through other machines, a message that bears our own stamp is not taken in again.

Fault: loops between routes or bridges; P5
"""
from stage import SALE, SALE_ABOVE, Stage, holds_for, wait_until

CIRCLE = [{"name": "out", "direction": "up", "from": "#"},
          {"name": "in", "direction": "down", "from": "#"}]

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")

    circular = stage.bascule(site, central, start=False, bridge_id="circle", routes=CIRCLE)
    for command in "check", "run":
        answer = circular.cli(command)
        assert answer.returncode == 1 and "round in circles" in answer.stderr, answer
        assert "'out' and 'in'" in answer.stderr, answer

    # Somebody at the centre copies what stores sell back to the site's orders, stamp and all.
    headquarters = stage.receiver(central, SALE_ABOVE)
    kitchen = stage.receiver(site, "orders/#", name="kitchen")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    copier = stage.publisher(central, "copier")

    till.publish_numbered(SALE, 1, 20)
    headquarters.expect(range(1, 21))
    for sale in headquarters.unique:
        copier.publish("stores/store-42/orders/copy", sale.payload,
                       UserProperty=list(sale.user.items()))
    copier.publish("stores/store-42/orders/7", "from a person")

    kitchen.wait_payload("from a person")
    assert holds_for(lambda: kitchen.payloads() == ["from a person"], 0.5), kitchen.payloads()
    wait_until(lambda: bascule.counters("down")["repeats"] + bascule.counters("down")["refused"]
               >= 20, lambda: f"20 of our own seen, {bascule.counters('down')}")
