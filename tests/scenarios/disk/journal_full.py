"""The journal reaches max_size while central is away. The site's link is paused with that reason,
and does not connect again and again. Once there is
room it goes on, and everything arrives.

P1 P9
"""
from stage import ORDER, ORDER_ABOVE, SALE, Stage, holds_for, wait_until

COUNT, TEXT = 2_000, "{} " + "x" * 2_000


def steady():
    """Paused, and on the same connection for two seconds."""
    def at():
        link = bascule.link("site")
        return link["state"], link["since"], link["reconnects"]
    before = at()
    return before[0] == "paused" and holds_for(lambda: at() == before, 2)


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    headquarters = stage.receiver(central, "stores/+/pos/#")
    store = stage.receiver(site, "orders/#", name="store")
    bascule = stage.bascule(site, line, journal={
        "max_size": "1MiB", "max_payload": "64KiB", "keep_forwarded": "0s"})
    buyer = stage.publisher(central, "buyer")
    till = stage.publisher(site)

    line.cut()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 1, COUNT, text=TEXT)
    till.wait_acknowledged()
    # A little room may be found while it fills up; then it stays as it is.
    wait_until(steady, lambda: f"a link that is paused and stays so, is {bascule.link('site')}")
    assert "the journal is full" in bascule.link("site")["last_error"], bascule.link("site")
    assert bascule.counters("up")["journaled"] < COUNT

    line.restore()
    headquarters.expect([TEXT.format(number) for number in range(1, COUNT + 1)], deadline_s=90)
    bascule.wait_drained()
    bascule.wait_link("site", "up", "slow")
    buyer.publish(ORDER_ABOVE, "an order")
    store.expect(["an order"], topic=ORDER)
    wait_until(lambda: not bascule.status()["journal"]["full"], "a journal that is not full")
