"""The central broker closes the connection over some topics, without a word, as nats-server does
for a topic with a dot. Such a message is found among all the others, tried alone, set aside with
the reason, and not sent again; the lane goes on, and everything else arrives once and in order.

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
    bascule.wait_drained(deadline_s=60)
    assert bascule.counters("up")["quarantined"] == 2, bascule.counters("up")
    assert bascule.counters("up")["forwarded"] == 300, bascule.counters("up")
    assert line.hung_up < 50, f"{line.hung_up} connections"
    print(f"{line.hung_up} connections ended over 2 messages; "
          f"repeats on the wire: {headquarters.repeats}")
