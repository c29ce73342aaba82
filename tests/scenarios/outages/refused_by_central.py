"""The central broker's access list refuses some topics. What it refuses is quarantined with the
reason; the lane goes on with what it takes, and nothing is sent again and again.

P1 P9; fault: refused by ACL
"""
from stage import SALE, Stage

with Stage() as stage:
    allowed = stage.folder / "central.acl"
    allowed.write_text("topic readwrite bascule/#\ntopic readwrite stores/store-42/pos/#\n"
                       "topic read stores/store-42/orders/#\ntopic read #\n")
    site = stage.broker("site")
    central = stage.broker("central", options=[f"acl_file {allowed}"])
    headquarters = stage.receiver(central, "#")
    bascule = stage.bascule(site, central, routes=[
        {"name": "secret", "direction": "up", "from": "secret/#"},
        {"name": "sales", "direction": "up", "from": "pos/{rest...}",
         "to": "stores/store-42/pos/{rest...}"}])
    till = stage.publisher(site)

    for number in range(1, 101):
        till.publish(SALE, number)
        if number % 50 == 0:
            till.publish("secret/recipe", f"secret {number}")

    # This broker answers that it refuses, and then hangs up, each time.
    headquarters.expect(range(1, 101))
    bascule.wait_drained()
    assert bascule.counters("up")["quarantined"] == 2, bascule.counters("up")
    assert headquarters.payloads() == [str(number) for number in range(1, 101)]
