"""Two clients and the last seat. At 09:00 both sites know of one seat; at 09:10 A loses its line;
at 09:20 B sells the seat; at 09:30 A, which cannot know, sells it once more; at 09:40 A is back
and it is found; at 09:41 A is asked again. A minute of the story lasts half a second here. Two
items are sold side by side: of one an extra seat can be found, of the other not. Prints what the
programs said, and when.

R20 R23 R24 R26, P1 P4
"""
import json
import time

from stage import Stage, wait_until
from stage.seats import Site, check_messages, hub

MINUTE_S = 0.5
HALL, CLUB = "hall", "club"  # with an overbooking of 1, and of 0

begin = 0.0


def say(who, text):
    minute = int((time.monotonic() - begin) / MINUTE_S)
    print(f"09:{minute:02}  {who:9} {text}", flush=True)


def until(minute):
    end = begin + minute * MINUTE_S
    wait_until(lambda: time.monotonic() >= end, f"09:{minute:02}")


def asks(site, item):
    answer = site.till.buy(item, ref="badge 7")
    shown = {name: answer[name] for name in
             ("result", "reason", "basis", "risk", "age_s", "available") if name in answer}
    say(site.name, f"1 of {item}? {json.dumps(shown)}")
    return answer


with Stage() as stage:
    central = stage.broker("central")
    office = stage.receiver(central, "oversell/#", name="office")
    authority = hub(stage, central, items={HALL: {"capacity": 10, "overbooking": 1},
                                           CLUB: {"capacity": 10}})
    a, b = (Site(stage, name, central, window=f"{int(60 * MINUTE_S)}s") for name in "ab")
    buyer = stage.publisher(central, "box-office")
    for item in HALL, CLUB:
        buyer.publish(f"seats/{item}/sold", 9)
        for site in a, b:
            site.wait_available(item, 1)
    begin = time.monotonic()
    say("a, b", "available 1 of 10, both items")

    until(10)
    a.cut()
    say("a", "its line is cut")

    until(20)
    for item in HALL, CLUB:
        sold = asks(b, item)
        assert (sold["result"], sold["basis"]) == ("SELL", "authority"), sold
        b.wait_available(item, 0)
        assert a.available(item) == 1
    say("b", "available 0; the news waits for a, which shows 1")

    until(30)
    sales = {}
    for item in HALL, CLUB:
        sold = asks(a, item)
        assert (sold["result"], sold["reason"]) == ("SELL", "at_risk"), sold
        # Since 09:10, within a heartbeat.
        assert 20 * MINUTE_S - 1 <= sold["age_s"] <= 20 * MINUTE_S + 2, sold
        assert 0 < sold["risk"] < 1, sold
        sales[item] = sold["sale"]

    until(40)
    assert not a.told("staff", HALL) and not a.told("badge", CLUB)
    a.mend()
    say("a", "its line is back")

    def verdicts():
        told = [json.loads(text) for text in office.payloads("oversell/inbox/a")]
        return [one for one in told if one["kind"] == "verdict" and one["final"]]

    wait_until(lambda: len(verdicts()) == 2, lambda: f"two final verdicts, has {verdicts()}")
    outcomes = {one["item"]: one for one in verdicts()}
    for item in HALL, CLUB:
        say("authority", f"sale {outcomes[item]['sale']}: {outcomes[item]['outcome']}")
        assert outcomes[item]["sale"] == sales[item]
    assert outcomes[HALL]["outcome"] == "HONOUR" and outcomes[CLUB]["outcome"] == "REVERSE"

    # 11 were sold of the hall; of the club too, until one was reversed.
    for site in a, b:
        site.wait_available(HALL, -1)
        site.wait_available(CLUB, 0)
        say(site.name, f"available {site.available(HALL)} in the hall, {site.available(CLUB)} in "
                       f"the club")
    wait_until(lambda: [one["available"] for one in b.told("availability", CLUB)][-2:] == [-1, 0],
               lambda: f"b to show -1, then 0: {b.told('availability', CLUB)}")
    assert office.payloads("oversell/call/hall") == []
    for one in [*a.told("staff", HALL), *a.told("badge", CLUB)]:
        say("a's staff", json.dumps({name: one.get(name) for name in ("alert", "badge", "ref")
                                     if one.get(name)}))
    assert [one["alert"] for one in a.told("staff", HALL)] == ["extra_seat"]
    assert [one["badge"] for one in a.told("badge", CLUB)] == ["revoked"]
    task = json.loads(office.payloads("oversell/call/club")[0])
    assert (task["task"], task["ref"]) == ("call", "badge 7"), task
    say("office", f"phone: {json.dumps(task)}")
    gone = [(one["result"], one["sale"]) for _, one in a.till.outcomes]
    assert gone == [("REVERSE", sales[CLUB])], gone
    freed = json.loads(office.payloads("oversell/freed/club")[0])
    assert freed["quantity"] == 1, freed

    until(41)
    for item in HALL, CLUB:
        refused = asks(a, item)
        assert (refused["result"], refused["basis"]) == ("REFUSE", "authority"), refused
    for bridge in authority, a.bridge, b.bridge:
        bridge.wait_drained()
        assert bridge.policy("seats")["failed"] == 0, bridge.log()
    kinds = check_messages(office, a, b)
    assert kinds == {"op", "notice", "alive", "stats", "people", "availability", "snapshot",
                     "sale"}, kinds
