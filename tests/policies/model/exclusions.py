"""Differences that are known, and not settled: each has its reason, and stays out of the verdict
of a run, not out of its count. Nothing else is passed over.

An exclusion is (policy, name, reason, holds): `holds` is given the case and the difference.
"""


def kind_of(case, identity):
    return next((step["kind"] for step in case["steps"] if "seq" in step
                 and f"{step['site']}/e/default/{step['seq']}" == identity), None)


def recreate_makes_version(case, difference):
    got = difference.facts.get("got")
    return (difference.kind in ("version", "verdict") and isinstance(got, dict)
            and kind_of(case, got["op"]) == "recreate")


def accepted_twice(case, difference):
    got = difference.facts.get("got")
    return (difference.kind == "verdict" and got.get("reason") == "updated"
            and any(step["do"] == "accept" for step in case["steps"]))


def revived_under_case(case, difference):
    got = difference.facts.get("got")
    return (difference.kind == "verdict" and got.get("reason") == "field"
            and case["options"].get("deletes", "delete-wins") != "delete-wins")


def accepted_ahead(case, difference):
    ahead = {f"{step['site']}/e/default/{step['seq']}" for step in case["steps"]
             if "seq" in step and step["ms"] > step["now"] + 60_000}
    return difference.kind in ("lost", "verdict", "record") and any(
        step["do"] == "accept" and step["edit"] in ahead for step in case["steps"])


def deleted_but_ambiguous(case, difference):
    want = difference.facts.get("want")
    return (difference.kind == "verdict" and want.get("reason") == {"deleted"}
            and case["options"].get("on_ambiguous") is not None
            and difference.facts["got"].get("reason") == "ambiguous")


def central_in_batch(case, difference):
    got = difference.facts.get("got")
    return (difference.kind in ("verdict", "reason") and case["options"].get("when") is not None
            and got["op"].startswith("hub/") and got.get("reason") in ("dependent", "prev"))


def case_of_former_life(case, difference):
    return difference.kind == "fields" and difference.facts["more"] and any(
        step.get("kind") == "recreate" for step in case["steps"])


def revived_in_parts(case, difference):
    return (difference.kind == "record" and "{part}" in case["options"]["record"]
            and case["options"].get("deletes", "delete-wins") != "delete-wins")


def same_moment(case, difference):
    return (difference.kind == "verdict" and difference.facts.get("tied")
            and case["options"].get("deletes") == "author-time")


def shown_before_restore(case, difference):
    return difference.kind == "shown" and any(step["do"] == "restore" for step in case["steps"])


KNOWN = [
    ("oversell", "restored-shown", "a site whose journal was put back does not publish anew what "
     "is available", shown_before_restore),
    ("conflict", "same-moment", "a delete and an update of one site that count as the same moment "
     "are not told apart by their stamps", same_moment),
    ("conflict", "revived-parts", "of a record that is alive again only the part that was edited "
     "is sent", revived_in_parts),
    ("conflict", "former-life", "the case of a field stays open when the record is made anew",
     case_of_former_life),
    ("conflict", "central-batch", "in a batch a central edit waits for, or falls with, another",
     central_in_batch),
    ("conflict", "deleted-ambiguous", "an edit whose author saw the delete is held as ambiguous",
     deleted_but_ambiguous),
    ("conflict", "recreate-version", "a recreate that is superseded makes a version",
     recreate_makes_version),
    ("conflict", "accepted-delete", "a delete whose author saw what a person accepted loses to it",
     accepted_twice),
    ("conflict", "revived-case", "an edit that makes a record alive again is CASE, with a version, "
     "if its field waits for a person", revived_under_case),
    ("conflict", "accepted-clock", "after a person accepted an edit that was stamped ahead, edits "
     "that count as the same moment are ordered otherwise", accepted_ahead),
]


def excluded(policy, case, difference):
    """The name of the exclusion that a difference falls under, or None."""
    for of, name, _, holds in KNOWN:
        if of == policy and holds(case, difference):
            return name
    return None
