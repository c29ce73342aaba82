"""The central broker closes the connection over some topics, without a word, as nats-server does
for a topic with a dot, and RabbitMQ for what its permissions forbid. Such a message is found
among all the others, tried alone, and its topic held, with the reason; everything else arrives once
and in order. A broker that closes over the bridge's own topics costs the bookmark, not the link.
Where the configuration says what broker it is, such a topic is held without a closure; and a dot in
the bridge's id is in none of its own topics.

P2 P8 P9; fault: a broker that hangs up over a message
"""
from stage import SALE, SALE_ABOVE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    line.cannot_stand = b"pos/till.1"
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, line)
    till = stage.publisher(site)

    for number in range(1, 301):
        till.publish(SALE, number)
        if number in (120, 240):
            till.publish("pos/till.1/sale", f"poison {number}")

    headquarters.expect(range(1, 301), deadline_s=60)
    bascule.wait_held({"stores/store-42/pos/till.1/sale": 2}, deadline_s=60)
    assert bascule.counters("up")["quarantined"] == 0, bascule.counters("up")
    assert bascule.counters("up")["forwarded"] == 300, bascule.counters("up")
    assert "closes the connection" in bascule.cli("status").stdout
    assert line.hung_up < 50, f"{line.hung_up} connections"
    print(f"{line.hung_up} connections ended over 2 messages; "
          f"repeats on the wire: {headquarters.repeats}")
    bascule.check_books()

    line.cannot_stand = b"bascule/"  # and what is held may cross
    line.hang_up()
    till.publish_numbered(SALE, 301, 400)
    headquarters.expect(range(1, 401), topic=SALE_ABOVE)
    assert "closes the connection each time it gets the bridge's own messages" in bascule.log()

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    line.cannot_stand = b"."
    headquarters = stage.receiver(central, "in/#", "bascule/#")
    bascule = stage.bascule(
        site, line, bridge_id="shop.4", central_link={"broker": "nats"},
        routes=[{"name": "all", "direction": "up", "from": "pos/{rest...}", "to": "in/{rest...}"}])
    till = stage.publisher(site)
    for number in range(1, 11):
        till.publish("pos/v1.2/sale", f"poison {number}")
        till.publish("pos/v1/sale", number)
    headquarters.expect(range(1, 11))
    bascule.wait_held({"in/v1.2/sale": 10})
    assert "nats-server" in bascule.cli("status").stdout
    assert line.hung_up == 0, f"{line.hung_up} connections"
    own = {one.topic for one in headquarters.internal}
    assert {"bascule/shop~4/state", "bascule/shop~4/events"} <= own, own
    wait_until(lambda: bascule.lane("up")["bookmark"] == 20, "a bookmark behind what is held")
