"""A reversed sale is a case for staff: within the hour (a setting; seconds here) they may honour
it, once; the badge works again, and the seat is gone. Later nobody can.

R26 R27, P4
"""
import json

from stage import Stage, wait_until
from stage.schema import problems
from stage.seats import SCHEMA, Site, check_messages, hub

with Stage() as stage:
    central = stage.broker("central")
    office = stage.receiver(central, "oversell/#", name="office")
    authority = hub(stage, central, items={
        "hall": {"capacity": 1}, "club": {"capacity": 1, "override_window": "1s"}})
    a, b = (Site(stage, name, central, min_remaining_bp="off") for name in "ab")

    def cases(*more):
        return json.loads(authority.cli("cases", "list", "--json", *more).stdout)["cases"]

    def resolve(number, choice):
        return authority.cli("cases", "resolve", str(number), "--choose", choice, "--by", "ann")

    for item in "hall", "club":
        a.wait_available(item, 1)
    a.cut()
    sales = {}
    for item in "hall", "club":
        assert b.till.buy(item)["result"] == "SELL"
        sales[item] = a.till.buy(item, ref={"badge": 7})["sale"]
    a.mend()
    for item in "hall", "club":
        wait_until(lambda: a.told("badge", item), f"the badge of {item}")
        assert a.told("badge", item) == [{"badge": "revoked", "sale": sales[item], "item": item,
                                          "quantity": 1, "ref": {"badge": 7}}]

    # The club's second is over: its case closes by itself.
    wait_until(lambda: [one["subject"] for one in cases()] == ["hall"], lambda: f"{cases()}")
    number = cases()[0]["number"]
    closed = 3 - number
    late = resolve(closed, "honour")
    assert late.returncode == 1 and late.stderr, late
    shown = json.loads(authority.cli("cases", "show", str(closed), "--json").stdout)
    assert shown["outcome"] == {"outcome": "REVERSE", "by": "time"}, shown

    shown = json.loads(authority.cli("cases", "show", str(number), "--json").stdout)
    assert shown["data"]["sale"] == sales["hall"] and shown["data"]["ref"] == {"badge": 7}, shown
    case = json.loads((SCHEMA / "case.json").read_text())
    assert problems(case, shown["data"]) == [], shown
    assert "choose from 1 honour, 2 keep" in resolve(number, "forget").stderr
    assert resolve(number, "honour").returncode == 0
    a.wait_available("hall", -1)
    assert resolve(number, "honour").returncode == 1
    assert cases() == []
    shown = json.loads(authority.cli("cases", "show", str(number), "--json").stdout)
    assert shown["outcome"] == {"outcome": "HONOUR", "by": "ann"}, shown

    wait_until(lambda: len(a.told("badge", "hall")) == 2, "the badge to be restored")
    assert a.told("badge", "hall")[-1]["badge"] == "restored"
    assert a.told("staff", "hall")[0]["alert"] == "extra_seat"
    tasks = [json.loads(text)["state"] for text in office.payloads("oversell/call/hall")]
    assert tasks == ["open", "withdrawn"], tasks
    a.wait_available("club", 0)
    for bridge in authority, a.bridge, b.bridge:
        bridge.wait_drained()
        assert bridge.policy("seats")["failed"] == 0, bridge.log()
    check_messages(office, a, b)
