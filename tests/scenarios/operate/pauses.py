"""A person pauses a lane, central, and the site, under load. The pause holds over a kill -9 and a
restart, everybody can see it, and nothing is lost or repeated.

R4 R12, P1 P2 P3 P8; the contract's "The CLI"
"""
import json
from datetime import datetime, timedelta

from stage import SALE, SALE_ABOVE, Stage
from stage.waiting import wait_until

LANES = {"slow": {"priority": 1}}
ROUTES = [
    {"name": "sales", "direction": "up", "from": "pos/{rest...}",
     "to": "stores/{bridge.id}/pos/{rest...}"},
    {"name": "media", "direction": "up", "from": "media/{rest...}",
     "to": "stores/{bridge.id}/media/{rest...}", "lane": "slow"},
    {"name": "orders", "direction": "down", "from": "stores/store-42/orders/{rest...}",
     "to": "orders/{rest...}"},
]


def seconds_around(time):
    """A time that is counted in boot time falls into one second or the next."""
    middle = datetime.fromisoformat(time.removesuffix("Z"))
    return [(middle + timedelta(seconds=by)).isoformat() + "Z" for by in (-1, 0, 1)]


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    events = stage.receiver(central, "bascule/#", name="events")
    shop = stage.receiver(site, "orders/#", name="shop")
    bascule = stage.bascule(site, central, routes=ROUTES, lanes=LANES)
    till = stage.publisher(site)
    office = stage.publisher(central, "office")

    def told(command, *arguments):
        answer = bascule.cli(command, *arguments, "--json")
        assert answer.returncode == 0, answer
        return json.loads(answer.stdout)

    def event(name, **fields):
        """Waits for one at the centre."""
        def there():
            for one in events.internal:
                if one.topic.endswith("/events"):
                    found = json.loads(one.payload)
                    if found["event"] == name and fields.items() <= found.items():
                        return found
            return None
        return wait_until(there, f"the event {name} {fields}")

    # A lane: the others cross.
    assert told("pause", "--lane", "slow", "--by", "ann")["in_flight"] == 0
    till.publish_numbered("media/film", 1, 200, text="film {}")
    till.publish_numbered(SALE, 1, 200)
    headquarters.wait_payload("200")
    lane = bascule.lane("up", "slow")
    assert lane["backlog"] == 200 and lane["paused"]["by"] == "ann", lane
    assert "paused" in lane["waits"], lane
    check = bascule.cli("status", "--check")
    assert check.returncode == 1 and "lane slow up is paused by ann" in check.stdout, check
    assert "paused by ann" in bascule.cli("status").stdout or "it is paused" in \
        bascule.cli("status").stdout
    event("paused", lane="slow", direction="up", by="ann")

    # Central, under load; and a kill -9, and two starts.
    till.publish_numbered(SALE, 201, 2000)
    headquarters.wait_payload("300")
    paused = told("pause", "central", "--by", "ann")
    assert paused["paused"][0]["link"] == "central", paused
    assert bascule.link("central")["state"] == "paused"
    assert paused["in_flight"] == 0, paused
    crossed = bascule.lane("up")["cursor"]  # all that ever had an outcome
    headquarters.wait_count(crossed)
    event("paused", link="central", by="ann")
    for start in (bascule.kill, bascule.terminate):
        till.publish_numbered(SALE, *((2001, 2500) if start == bascule.kill else (2501, 3000)))
        office.publish_numbered("stores/store-42/orders/a",
                                *((1, 200) if start == bascule.kill else (201, 400)))
        start()
        bascule.start(up=False)
        bascule.wait_link("site", "up")
        assert bascule.link("central")["state"] == "paused", bascule.link("central")
    till.wait_acknowledged()
    wait_until(lambda: bascule.lane("up")["next_sequence"] == 3001, "all sales to be journaled")
    assert len(headquarters.payloads(SALE_ABOVE)) == crossed
    check = bascule.cli("status", "--check")
    assert check.returncode == 1 and "central: paused by ann" in check.stdout, check
    assert "paused by ann" in bascule.cli("status").stdout
    assert told("pause", "central", "--by", "bob")["paused"][0]["by"] == "ann"
    assert told("resume", "central", "--by", "bob")["resumed"][0]["by"] == "ann"
    headquarters.expect(range(1, 3001), topic=SALE_ABOVE)
    shop.expect(range(1, 401))
    assert event("resumed", link="central", by="bob")["paused_s"] >= 0

    # The site: its broker keeps what comes.
    assert told("pause", "site")["paused"][0]["link"] == "site"
    assert bascule.link("site")["state"] == "paused"
    till.publish_numbered(SALE, 3001, 4000)
    office.publish_numbered("stores/store-42/orders/a", 401, 500)
    till.wait_acknowledged()
    bascule.kill()
    bascule.start(up=False)
    bascule.wait_link("central", "up")
    wait_until(lambda: bascule.lane("down")["backlog"] == 100, "orders to wait for the site")
    assert bascule.lane("up")["next_sequence"] == 3001, bascule.lane("up")
    assert [one.get("link", one.get("lane")) for one in told("resume", "--all")["resumed"]] == \
        ["site", "slow"]
    headquarters.expect(range(1, 4001), topic=SALE_ABOVE)
    headquarters.expect([f"film {n}" for n in range(1, 201)], topic="stores/store-42/media/film")
    shop.expect(range(1, 501))
    bascule.wait_drained()
    assert bascule.lane("up", "slow")["paused"] is None
    assert told("resume", "--all")["resumed"] == []
    assert bascule.cli("status", "--check").returncode == 0, bascule.cli("status", "--check")
    # For a time: it resumes by itself, also where a kill -9 was in between, and is not sooner over
    # for a clock that is wrong.
    paused = told("pause", "central", "--for", "1h", "--by", "ann")["paused"][0]
    assert paused["until"] and paused["by"] == "ann", paused
    status = bascule.cli("status").stdout
    assert any(f"until {time}" in status for time in seconds_around(paused["until"])), status
    assert "for another" in bascule.cli("status", "--check").stdout
    again = told("pause", "central", "--for", "1h", "--by", "bob")["paused"][0]
    assert again["by"] == "ann" and again["until"] >= paused["until"], again
    event("paused", link="central", until=paused["until"])
    till.publish_numbered(SALE, 4001, 4100)
    bascule.kill()
    bascule.start(up=False, wrong_s=7200)
    bascule.wait_link("site", "up")
    wait_until(lambda: bascule.lane("up")["backlog"] >= 100, "sales to wait")
    assert bascule.link("central")["state"] == "paused", bascule.link("central")
    bascule.kill()
    bascule.start(up=False, passed_s=3700)
    bascule.wait_link("central", "up")
    assert bascule.link("central")["paused"] is None
    assert event("resumed", link="central", by="bascule")["paused_s"] >= 0
    headquarters.expect(range(1, 4101), topic=SALE_ABOVE)
    assert told("pause", "--lane", "slow", "--for", "1s")["paused"][0]["until"]
    wait_until(lambda: bascule.lane("up", "slow")["paused"] is None, "the lane to go on by itself")
    assert "since the time that was set is over" in bascule.log()

    for wrong, said in ((["nowhere"], "nowhere"), ([], "say what"),
                        (["--lane", "nope"], "no lane"),
                        (["site", "--for", "soon"], "soon"),
                        (["site", "--for", "0s"], "1s to 366d"),
                        (["site", "--lane", "slow"], "excludes")):
        answer = bascule.cli("pause", *wrong)
        assert answer.returncode in (1, 2) and said in answer.stderr, answer
