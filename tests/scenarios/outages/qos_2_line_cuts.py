"""The line is cut in the middle of QoS 2 handshakes, over and over: each message crosses once.

R3 R4, P3 P5; faults: flapping line, lost acknowledgements
"""
from stage import Stage
from stage.line import PUBREC
from stage.waiting import wait_until

PUBREL, PUBCOMP = 6, 7
ALL, NONE = 10**9, 0
PER_ROUND = 40
CUTS = [("broker", PUBREC), ("bridge", PUBREL), ("broker", PUBCOMP),
        ("bridge", PUBREC), ("broker", PUBREL), ("bridge", PUBCOMP)]

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    lines = stage.line(site), stage.line(central)
    headquarters = stage.receiver(central, "stores/store-42/pos/#", qos=2)
    kitchen = stage.receiver(site, "orders/#", name="kitchen", qos=2)
    till, buyer = stage.publisher(site), stage.publisher(central, "buyer")
    bascule = stage.bascule(*lines)

    last = 0
    for sender, packet in CUTS * 3:
        for line in lines:
            line.eat(sender, packet, ALL)
        eaten = [line.eaten for line in lines]
        for number in range(last + 1, last + PER_ROUND + 1):
            till.publish("pos/till-1/sale", number, 2)
            buyer.publish("stores/store-42/orders/7", number, 2)
        last += PER_ROUND
        wait_until(lambda: all(line.eaten > before for line, before in zip(lines, eaten)),
                   f"a packet of type {packet} from {sender} on each line")
        for line in lines:
            line.cut()
        for name, line in zip(("site", "central"), lines):
            bascule.wait_link(name, "down")
            line.eat(sender, packet, NONE)
            line.restore()
        for receiver in headquarters, kitchen:
            receiver.expect(range(1, last + 1))
        bascule.wait_drained()
    assert headquarters.repeats == kitchen.repeats == 0, (headquarters.repeats, kitchen.repeats)
    print(f"{len(CUTS) * 3} cuts of each line, {2 * last} messages, each once")
