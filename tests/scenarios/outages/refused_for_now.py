"""The central broker has a quota: beyond 50 messages in a second it answers 0x97. All of 300 that
wait cross, in order, and none is quarantined.

P2 P8 P9; fault: a rate limiter
"""
import time

from stage import SALE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    taken = []

    def quota(topic):
        if topic.startswith("bascule/"):
            return 0
        now = time.monotonic()
        taken[:] = [then for then in taken if then > now - 1]
        if len(taken) >= 50:
            return 0x97
        taken.append(now)
        return 0

    line.refuse = quota
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, line, start=False)
    till = stage.publisher(site)
    bascule.start()
    bascule.terminate()
    till.publish_numbered(SALE, 1, 300)
    till.wait_acknowledged()
    bascule.start(up=False)
    headquarters.expect(range(1, 301), deadline_s=90)
    bascule.wait_drained()
    count = bascule.counters("up")
    assert line.refused > 0 and bascule.lane("up")["put_back"] >= line.refused, bascule.lane("up")
    assert count["quarantined"] == 0 and count["forwarded"] == 300, count
    assert bascule.log().count("for now: quota exceeded (0x97)") >= 1, bascule.log()
    words = bascule.log().count("so says the line")
    assert 1 <= words <= 4, f"{words} lines of log for {line.refused} refusals"
