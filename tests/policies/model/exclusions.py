"""Differences that are known, and not settled: each has its reason, and stays out of the verdict
of a run, not out of its count. Nothing else is passed over.

An exclusion is (policy, name, reason, holds): `holds` is given the case and the difference.
"""


def same_moment(case, difference):
    return (difference.kind == "verdict" and difference.facts.get("tied")
            and case["options"].get("deletes") == "author-time")


def shown_before_restore(case, difference):
    return difference.kind == "shown" and any(step["do"] == "restore" for step in case["steps"])


def let_through(case, difference):
    return difference.kind == "pairs" and case["options"]["strategy"] == "expected-version"


def accepted_ahead(case, difference):
    ahead = {f"{step['site']}/e/default/{step['seq']}" for step in case["steps"]
             if "seq" in step and step["ms"] > step["now"] + 60_000}
    return difference.kind in ("lost", "verdict", "record") and any(
        step["do"] == "accept" and step["edit"] in ahead for step in case["steps"])


KNOWN = [
    ("conflict", "accepted-clock", "what follows, in a chain, an edit that was stamped ahead and "
     "that a person accepted counts as later than that stamp", accepted_ahead),
    ("oversell", "restored-shown", "a site whose journal was put back does not publish anew what "
     "is available", shown_before_restore),
    ("conflict", "let-through", "the model takes an edit of the expected version for one that has "
     "seen what lost before it; the plugin reports the two", let_through),
    ("conflict", "same-moment", "a delete and an update of one site that count as the same moment "
     "are not told apart by their stamps", same_moment),
]


def excluded(policy, case, difference):
    """The name of the exclusion that a difference falls under, or None."""
    for of, name, _, holds in KNOWN:
        if of == policy and holds(case, difference):
            return name
    return None
