"""A edits on Monday, B edits the same field on Tuesday, both cut off. B comes back on Thursday and
A on Friday, or the other way round: B's value stands everywhere, A's is kept, and one conflict is
reported. Then a person puts A's back (`bascule conflict`). The bridges start again for each day,
with its date.

R33 R32 R36 R38
"""
import json

from stage import Attendees, Stage, wait_until


def put_back(cast):
    """A person finds A's number among what lost, and writes it anew."""
    def losers(*arguments):
        return json.loads(cast.hub.cli("conflict", "losers", "--json", *arguments).stdout)["losers"]

    lost, = losers("--record", "17")
    told = lost["origin"], lost["fields"], lost["why"], lost["to"].split("/")[0]
    assert told == ("site-a", {"phone": "555-2"}, "newest", "site-b"), lost
    assert losers("--record", "18") == [] and losers("--since", "1h") == [lost], lost
    shown = cast.hub.cli("conflict", "losers").stdout
    assert '"555-2"' in shown and "site-a" in shown, shown
    number = str(lost["number"])
    refused = cast.hub.cli("conflict", "reinstate", number, "--field", "name")
    assert refused.returncode == 1 and "has not lost" in refused.stderr, refused
    done = cast.hub.cli("conflict", "reinstate", number, "--by", "ann", "--json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["verdict"]["verdict"] == "APPLY", done.stdout
    cast.tell("ann", f"puts back {lost['fields']}")
    cast.wait_shown("17", {"name": "Joan", "phone": "555-2"})
    wait_until(lambda: len(cast.history.unique) == 4, "the person's edit in the history")
    entry = json.loads(cast.history.payloads()[-1])
    assert (entry["person"], entry["fields"]) == ("ann", {"phone": "555-2"}), entry
    assert losers() == [] and len(cast.conflicts.unique) == 1
    again = cast.hub.cli("conflict", "reinstate", number)
    assert again.returncode == 1 and "nothing has lost" in again.stderr, again
    records = cast.hub.cli("conflict", "records", "--state", "created", "--json").stdout
    assert json.loads(records)["records"] == [], records
    listed, = json.loads(cast.hub.cli("conflict", "records", "--json").stdout)["records"]
    assert (listed["record"], listed["deleted"]) == ("17", False), listed
    asked_site = cast.bridges["site-a"].cli("conflict", "losers")
    assert asked_site.returncode == 1 and "at its authority" in asked_site.stderr, asked_site


def week(thursday, friday):
    """Who is connected again on which day; returns what is left."""
    with Stage() as stage:
        cast = Attendees(stage)  # on Sunday
        cast.edit("site-a", "17", {"name": "Joan", "phone": "555-1"})
        cast.wait_verdicts("site-a", 1)
        cast.wait_shown("17", {"name": "Joan", "phone": "555-1"})

        cast.days_pass(1)  # Monday
        cast.cut("site-a")
        cast.cut("site-b")
        cast.edit("site-a", "17", {"phone": "555-2"})
        cast.wait_shown("17", {"name": "Joan", "phone": "555-2"}, "site-a")

        cast.days_pass(1)  # Tuesday
        cast.edit("site-b", "17", {"phone": "555-3"})
        cast.wait_shown("17", {"name": "Joan", "phone": "555-3"}, "site-b")

        cast.days_pass(2)  # Thursday
        verdicts = {thursday: cast.restore(thursday)}
        cast.days_pass(1)  # Friday
        verdicts[friday] = cast.restore(friday)

        a, b = verdicts["site-a"], verdicts["site-b"]
        assert b["verdict"] in ("APPLY", "MERGE"), b
        if thursday == "site-b":
            assert a["verdict"] == "SUPERSEDED" and a["canonical"]["phone"] == "555-3", a
            assert cast.version("17") == 1
        cast.wait_shown("17", {"name": "Joan", "phone": "555-3"})
        assert cast.record("17") == {"name": "Joan", "phone": "555-3"}

        cast.conflicts.wait_count(1)
        conflict = json.loads(cast.conflicts.unique[0].payload)
        values = {side: (conflict[side]["origin"], conflict[side]["fields"]["phone"])
                  for side in ("stored", "incoming")}
        cast.tell("hub", f"has reported one conflict: {values}")
        assert set(values.values()) == {("site-a", "555-2"), ("site-b", "555-3")}, values
        apart_ms = abs(conflict["stored"]["time_ms"] - conflict["incoming"]["time_ms"])
        assert 20 * 3_600_000 < apart_ms < 28 * 3_600_000, "a day is between the edits"

        # What has lost is in the history, as its author wrote it.
        wait_until(lambda: len(cast.history.unique) == 3, "three entries of history")
        kept = [json.loads(one) for one in cast.history.payloads()]
        assert sorted(one["fields"]["phone"] for one in kept) == ["555-1", "555-2", "555-3"]
        assert len(cast.conflicts.unique) == 1, cast.conflicts.payloads()
        merged = cast.record("17")
        put_back(cast)
        return merged


print("B comes back on Thursday, A on Friday")
one = week(thursday="site-b", friday="site-a")
print("A comes back on Thursday, B on Friday")
assert week(thursday="site-a", friday="site-b") == one
