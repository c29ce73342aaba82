"""Acknowledgements vanish on the line, and then the line breaks. What the site broker delivers
again is dropped by the bridge; what the bridge sends again, a receiver drops by its stamp.

P5; fault: redelivery, lost PUBACK
"""
from stage import PUBACK, SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    site_line, central_line = stage.line(site), stage.line(central)
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site_line, central_line)
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 50)
    headquarters.expect(range(1, 51))

    # The bridge's acknowledgements to the site broker.
    site_line.eat("bridge", PUBACK, count=10)
    till.publish_numbered(SALE, 51, 100)
    wait_until(lambda: site_line.eaten == 10, "10 acknowledgements eaten")
    headquarters.wait_payload("60")
    site_line.hang_up()
    headquarters.expect(range(1, 101))
    wait_until(lambda: bascule.counters("up")["repeats"] >= 10,
               lambda: f"10 repeats counted, {bascule.counters('up')}")
    assert headquarters.repeats == 0, "the bridge took redeliveries for new messages"

    # Central's acknowledgements to the bridge.
    central_line.eat("broker", PUBACK, count=10)
    till.publish_numbered(SALE, 101, 150)
    wait_until(lambda: central_line.eaten == 10, "10 acknowledgements eaten")
    central_line.hang_up()
    headquarters.expect(range(1, 151))
    bascule.wait_drained()
    assert headquarters.repeats >= 1, "the bridge sent nothing again"
