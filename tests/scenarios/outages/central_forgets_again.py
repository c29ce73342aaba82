"""A central broker without persistence forgets at each restart. It is sent again what it lost, but
nothing for a third time, and no commands; what is sent again says so. `status` names the broker and
what to change there.

P6
"""
from stage import SALE, Stage, wait_until

DOOR = "pos/till-1/door"
ROUTES = [
    {"name": what, "direction": "up", "from": f"pos/{{till}}/{what}",
     "to": f"stores/{{bridge.id}}/pos/{{till}}/{what}", "lane": lane}
    for what, lane in (("door", "commands"), ("sale", "default"))
]


def bookmarked(bascule):
    return all(lane["bookmark"] == lane["cursor"] for lane in bascule.status()["lanes"]
               if lane["direction"] == "up" and lane["name"] != "events")


def empty(stage, central, line, bascule, name):
    """Central is killed and starts again with nothing in it; returns who is there before the
    bridge is back."""
    wait_until(lambda: bookmarked(bascule), "bookmarks at the centre")
    line.cut()
    central.kill()
    central.start()
    receiver = stage.receiver(central, "stores/#", name=name)
    line.restore()
    return receiver


def replayed(receiver):
    return [int(one.payload) for one in receiver.all if one.user.get("bascule-replayed") == "1"]


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central", persistence=False)
    line = stage.line(central)
    bascule = stage.bascule(site, line, lanes={"commands": {"resend": "never"}}, routes=ROUTES)
    till = stage.publisher(site)

    till.publish_numbered(SALE, 1, 50)
    till.publish(DOOR, "open")
    wait_until(lambda: bascule.counters("up")["forwarded"] == 51, "51 at the centre")
    assert bascule.link("central")["forgot"] is None

    first = empty(stage, central, line, bascule, "first")
    till.publish_numbered(SALE, 51, 60)
    first.expect(range(1, 61))
    assert replayed(first) == list(range(1, 51)), replayed(first)
    first.leave()

    second = empty(stage, central, line, bascule, "second")
    till.publish_numbered(SALE, 61, 70)
    second.expect(range(51, 71))
    assert replayed(second) == list(range(51, 61)), replayed(second)

    forgot = bascule.link("central")["forgot"]
    assert forgot["sessions"] == 2 and "persistence" in forgot["advice"], forgot
    assert "persistence" in bascule.cli("status").stdout
    # What nobody sends again: 1 to 50 for a third time, and the door for a second.
    losses = {(row["lane"], row["reason"], row["first"], row["last"]) for row in bascule.losses()}
    assert losses == {("default", "not_resent", 1, 50), ("commands", "not_resent", 1, 1)}, losses
    counted = bascule.status()["losses"]
    assert (counted["messages"], counted["not_resent"]) == (0, 51), counted
    bascule.wait_drained()
