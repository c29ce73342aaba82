"""Customer 123 is at version 20 when both sites lose their lines, and both edit it. Edits of
different fields end at version 22 without a conflict, whoever comes back first; of the same field
the later one wins, and one conflict is reported; with expected versions exactly one is committed.

R40 R39 R34
"""
import time

from stage import Attendees, Stage, wait_until

CUSTOMER = {"name": "J. Doe", "address": "1 Mill Lane"}
# The hub knows a site's time to half a round trip, which is long on a busy machine: of edits that
# are closer than the errors of both sites nobody can say which was the later one.
CLOCKS_AGREE_S = 3


def both_edit(cast, customer, at_a, at_b, first, second, apart_s=0):
    cast.seed(customer, CUSTOMER, 20)
    for name in first, second:
        cast.cut(name)
    cast.edit("site-a", customer, at_a)
    edited = time.monotonic()
    wait_until(lambda: time.monotonic() - edited >= apart_s, "the clocks")
    cast.edit("site-b", customer, at_b)
    return [cast.restore(first), cast.restore(second)]


orders = [("site-a", "site-b"), ("site-b", "site-a")]
with Stage() as stage:
    cast = Attendees(stage, {"fields": {}})
    for number, (first, second) in enumerate(orders):
        print(f"different fields, {first} comes back first")
        customer = f"123-{number}"
        verdicts = both_edit(cast, customer, {"name": "John Doe"}, {"address": "2 Mill Lane"},
                             first, second)
        assert [one["verdict"] for one in verdicts] == ["APPLY", "MERGE"], verdicts
        cast.wait_shown(customer, {"name": "John Doe", "address": "2 Mill Lane", "changed": "-"})
        assert cast.version(customer) == 22
    assert not cast.conflicts.unique, cast.conflicts.payloads()

    for number, (first, second) in enumerate(orders, 1):
        print(f"the same field, {first} comes back first")
        customer = f"123-{number + 1}"
        verdicts = both_edit(cast, customer, {"name": "John Doe"}, {"name": "Joan d'Arc"},
                             first, second, CLOCKS_AGREE_S)
        # The later edit is B's.
        expected = ["APPLY", "APPLY" if first == "site-a" else "SUPERSEDED"]
        merged = [one["verdict"].replace("MERGE", "APPLY") for one in verdicts]
        assert merged == expected, verdicts
        cast.wait_shown(customer, {**CUSTOMER, "name": "Joan d'Arc", "changed": "-"})
        cast.conflicts.wait_count(number)
    assert len(cast.conflicts.unique) == 2, cast.conflicts.payloads()

with Stage() as stage:
    print("the same version expected")
    cast = Attendees(stage, {"strategy": "expected-version", "fields": {}})
    verdicts = both_edit(cast, "123", {"name": "John Doe"}, {"address": "2 Mill Lane"}, *orders[0])
    assert [one["verdict"] for one in verdicts] == ["APPLY", "REJECT"], verdicts
    assert (verdicts[1]["reason"], verdicts[1]["version"]) == ("stale", 21), verdicts
    cast.wait_shown("123", {**CUSTOMER, "name": "John Doe", "changed": "-"})
    assert cast.version("123") == 21

    # Whose edit failed tries again with what is there now (R39).
    cast.edit("site-b", "123", {"address": "2 Mill Lane"})
    assert cast.wait_verdicts("site-b", 2)["verdict"] == "APPLY"
    cast.wait_shown("123", {"name": "John Doe", "address": "2 Mill Lane", "changed": "-"})
    assert cast.version("123") == 22
