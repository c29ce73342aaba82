"""A edits on Monday, B edits the same field on Tuesday, both cut off. B comes back on Thursday and
A on Friday, or the other way round: B's value stands everywhere, A's is kept, and one conflict is
reported. The bridges start again for each day, with its date.

R33 R32 R38
"""
import json

from stage import Attendees, Stage, wait_until


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
        return cast.record("17")


print("B comes back on Thursday, A on Friday")
one = week(thursday="site-b", friday="site-a")
print("A comes back on Thursday, B on Friday")
assert week(thursday="site-a", friday="site-b") == one
