"""The central broker has a quota, refuses one message of many that are on their way (0x97), and
accepts those behind it. Of these alone the order is lost: it is counted, and told in log, status
and an event. From then on one message goes at a time, and whatever is refused later keeps its
place.

P2; fault: a rate limiter
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    sales = [0]  # that the broker has been sent

    def quota(topic):
        """Refuses the second sale, and each tenth from the 60th on."""
        if topic.startswith("bascule/"):
            return 0
        sales[0] += 1
        return 0x97 if sales[0] == 2 or sales[0] >= 60 and sales[0] % 10 == 0 else 0

    line.refuse = quota
    headquarters = stage.receiver(central, "stores/#")
    told = stage.receiver(central, "bascule/+/events", name="told")
    bascule = stage.bascule(site, line, start=False)
    till = stage.publisher(site)
    bascule.start()
    bascule.terminate()
    till.publish_numbered(SALE, 1, 50)
    till.wait_acknowledged()
    bascule.start(up=False)
    headquarters.wait_count(50)
    first = headquarters.payloads()
    others = [str(number) for number in range(1, 51) if number != 2]
    assert [one for one in first if one != "2"] == others, first
    behind = first.index("2") - 1  # that have overtaken it
    assert behind >= 1, first
    bascule.wait_drained()
    lane = bascule.lane("up")
    assert lane["reordered"] == behind and lane["one_at_a_time"], (lane, first)
    wait_until(lambda: any('"lane_reordered"' in one.payload for one in told.internal),
               "the event to tell of it")
    assert f"{behind} of them have overtaken" in bascule.log(), bascule.log()

    till.publish_numbered(SALE, 51, 100)
    headquarters.wait_count(100)
    assert headquarters.payloads()[50:] == [str(number) for number in range(51, 101)], (
        headquarters.payloads())
    assert line.refused >= 5 and bascule.lane("up")["reordered"] == behind, bascule.lane("up")
    bascule.check_books()
