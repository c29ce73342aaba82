"""The bridge is killed when messages are in its journal and their acknowledgements have not reached
the site's broker, which delivers all of them again. However large they are, none crosses twice.

P5; fault: kill -9 at any instruction, redelivery
"""
from stage import PUBACK, SALE, Stage, wait_until


def kill_before_acknowledging(bascule, line, till, count, size):
    """`count` messages of `size` bytes."""
    before = bascule.counters("up")
    line.eat("bridge", PUBACK, count=1_000_000)
    for number in range(count):
        till.publish(SALE, f"{number}".ljust(size, "."))
    wait_until(lambda: bascule.counters("up")["journaled"] == before["journaled"] + count,
               lambda: f"{count} more in the journal: {bascule.counters('up')}", 60)
    bascule.kill()
    # What the dead bridge had sent is read, and eaten, to its end.
    wait_until(lambda: not line.occupied, "the line is empty")
    line.eat("bridge", PUBACK, count=0)
    bascule.start()
    wait_until(lambda: bascule.counters("up")["repeats"] >= before["repeats"] + count,
               lambda: f"{count} more repeats: {bascule.counters('up')}", 60)
    after = bascule.counters("up")
    assert after["journaled"] == before["journaled"] + count, after
    assert after["journaled_twice"] == 0, after


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(site)
    bascule = stage.bascule(line, central)
    till = stage.publisher(site)
    kill_before_acknowledging(bascule, line, till, 300, 256 << 10)
    kill_before_acknowledging(bascule, line, till, 40, 2_000_000)
    kill_before_acknowledging(bascule, line, till, 900, 60)
    bascule.wait_drained()
