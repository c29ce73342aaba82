"""Two sites that are cut off edit a field of which only a person may choose the value. One shows
its own edits at once, the other what is confirmed. The hub dies three times of kill -9 while both
come back with 82 edits, and ends as if it had not; then the person decides.

R42 R38 R34, P4
"""
import json

from stage import Attendees, Stage, check_messages, wait_until
from stage.attendees import example

PEOPLE = [str(number) for number in range(100, 140)]


def edit_two_parts(stage):
    """A hub whose attendees have parts; both change in one logical transaction, then one alone.
    What it sends on topics.transaction."""
    central = stage.broker("parts")
    settings = example("hub", record="edits/attendee/{id}/{part}", fields=None, topics={
        "canonical": "canonical/attendee/{id}/{part}", "transaction": "transactions/{id}"})
    settings["routes"][0]["from"] = "edits/attendee/{id}/{part}"
    del settings["routes"][1:-1]  # no other bridge is there
    stage.bascule(central, None, bridge_id="parts", **settings)
    sent = stage.receiver(central, "transactions/#", name="transactions")
    clerk = stage.publisher(central, "clerk")
    clerk.publish("edits/attendee/17/*", json.dumps({"person": {"name": "Joan"},
                                                     "family": {"kids": 2}}))
    sent.wait_count(1)
    clerk.publish("edits/attendee/17/family", json.dumps({"kids": 3}))
    sent.wait_count(2)
    both, family = map(json.loads, sent.payloads())
    assert (both["changed"], both["parts"]) == (["family", "person"],
                                                {"family": 0, "person": 0}), both
    assert (family["changed"], family["parts"]) == (["family"], {"family": 1, "person": 0}), family
    return sent.payloads()


with Stage() as stage:
    cast = Attendees(stage, own={"site-b": {"view": "confirmed"}})
    cast.seed("17", {"name": "Joan", "diet": "any"}, 0)
    before = {"name": "Joan", "diet": "any", "changed": "-"}
    cast.wait_shown("17", before)
    for name in "site-a", "site-b":
        cast.cut(name)

    # Offline, at once; or not before it is confirmed.
    cast.edit("site-a", "17", {"diet": "vegan"})
    cast.edit("site-b", "17", {"diet": "halal"})
    cast.wait_shown("17", {**before, "diet": "vegan"}, "site-a")
    cast.wait_shown("17", before, "site-b")
    for name in "site-a", "site-b":
        for person in PEOPLE:
            cast.devices[name].publish(f"attendee/{person}/edit", json.dumps({"seen": name}))
        cast.devices[name].wait_acknowledged()
        cast.bridges[name].wait_decided("attendees")
    cast.tell("sites", f"edit {len(PEOPLE)} attendees more, each of them the same ones")

    for name in "site-a", "site-b":
        cast.lines[name].restore()
    cast.tell("sites", "are connected again")
    for part in 10, 40, 70:
        wait_until(lambda: len(cast.history.unique) >= part, f"{part} edits to be decided")
        cast.hub.kill()
        cast.start("hub")
        cast.tell("hub", f"is killed and started again, {len(cast.history.unique)} edits decided")
    for name in "site-a", "site-b":
        cast.notices[name].wait_count(len(PEOPLE) + 1)
    cast.settle()

    # As if nothing had happened: each edit has one verdict, each pair one report, B's are later.
    for name in "site-a", "site-b":
        ops = [json.loads(one)["op"] for one in cast.notices[name].payloads()]
        assert len(ops) == len(set(ops)) == len(PEOPLE) + 1, f"{len(ops)} verdicts"
    reported = [tuple(json.loads(one)["conflict"]) for one in cast.conflicts.payloads()]
    assert len(reported) == len(set(reported)) == len(PEOPLE) + 1, f"{len(reported)} reports"
    assert {cast.record(person)["seen"] for person in PEOPLE} == {"site-b"}
    assert len(cast.history.unique) == 1 + 2 * len(PEOPLE) + 2

    # The field waits for a person; the first value stands meanwhile.
    listed = json.loads(cast.hub.cli("cases", "list", "--json").stdout)["cases"]
    assert [(one["kind"], one["subject"]) for one in listed] == [("field", "17")], listed
    number = str(listed[0]["number"])
    shown = json.loads(cast.hub.cli("cases", "show", number, "--json").stdout)
    values = {one["origin"]: one for one in shown["data"]["values"]}
    assert {name: one["value"] for name, one in values.items()} == {
        "site-a": "vegan", "site-b": "halal"}, values
    assert (shown["data"]["base"], shown["data"]["unit"]) == ("any", "diet"), shown
    cast.tell("hub", f"case {number}: diet of 17, vegan (site-a) or halal (site-b)?")
    stands = cast.record("17")["diet"]
    cast.wait_shown("17", {**before, "diet": stands})

    # A decision that makes no sense puts the question again; another one settles it.
    for words in ("keep",), ("take",), ("take", "3"):
        refused = cast.hub.cli("cases", "resolve", number, *words, "--by", "ann")
        assert refused.returncode == 1 and "1 " in refused.stderr, refused
    refused = cast.hub.cli("cases", "resolve", number, "take", "--data", "{}", "--by", "ann")
    assert refused.returncode == 1 and "none of the values" in refused.stdout, refused
    again = wait_until(lambda: [one for one in json.loads(cast.hub.cli(
        "cases", "list", "--json").stdout)["cases"] if one["number"] != int(number)],
        "the question to be put again")[0]
    assert "none of the values" in again["data"]["refused"], again
    other = "site-b" if stands == "vegan" else "site-a"
    place = [one["origin"] for one in again["data"]["values"]].index(other) + 1
    done = cast.hub.cli("cases", "resolve", str(again["number"]), "take", str(place), "--by", "ann")
    assert done.returncode == 0 and "is closed" in done.stdout, done
    cast.tell("ann", f"takes {values[other]['value']}")
    cast.wait_shown("17", {**before, "diet": values[other]["value"]})
    wait_until(lambda: cast.hub.status()["cases"]["open"] == 0, "the case to be closed")

    # What was sent is as the schemas have it.
    decisions = [json.dumps(one["decision"]) for one in json.loads(
        cast.hub.cli("cases", "list", "--all", "--json").stdout)["cases"] if one["decision"]]
    data = [json.dumps(one["data"]) for one in (shown, again)]
    transactions = edit_two_parts(stage)
    count = check_messages(transaction=transactions, conflict=cast.conflicts.payloads(),
                           history=cast.history.payloads(),
                           verdict=cast.notices["site-a"].payloads(), case=data,
                           decision=decisions)
    print(f"{count} messages are as the schemas have them")
