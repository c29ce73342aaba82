"""The central broker closes the connection over some topics, without a word, as nats-server does
for a topic with a dot, and RabbitMQ for what its permissions forbid. Such a message is found
among all the others, tried alone, and its topic held, with the reason; everything else arrives once
and in order. A broker that closes over the bridge's own topics costs the bookmark, not the link.

P2 P8 P9; fault: a broker that hangs up over a message
"""
from stage import SALE, Stage

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

    line.cannot_stand = b"bascule/"
    line.hang_up()
    till.publish_numbered(SALE, 301, 400)
    headquarters.expect(range(1, 401), deadline_s=60)
    assert "closes the connection each time it gets the bridge's own messages" in bascule.log()
