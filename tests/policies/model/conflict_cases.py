"""Random cases for `conflict`, and one run of a case against model and plugin.

A case is {"options": …, "steps": […]}: plain JSON, so that it can be printed, cut down and run
again. It is made beside the model alone, which knows what each author can have seen.

Requirements: R31 (parts), R33 and R40 (same and different fields), R35 (at once or in a batch), R39
(versions), R41 (each command with its own time).
"""
import random

from conflict_edits import PARKED
from conflict_merge import Open
from conflict_model import Model
from conflict_runner import EPOCH, HUB, Runner, edit_id
from difference import Difference
from host import Box

T0 = 1_790_000_000_000  # ms since 1970; a Monday in September 2026
RULES = ["newest", "first", "max", "min", "sum", "union", "central", "site", "case"]
NAMES = ["name", "tel", "n", "m"]


class Maker:
    """Makes one case from a generator of random numbers."""

    def __init__(self, rng):
        self.rng = rng
        self.options = self.make_options()
        self.model = Model(self.options)
        self.steps, self.now = [], T0
        self.own = 0
        self.sites = {name: {"seq": 0, "ms": T0 - rng.randrange(5000), "count": 0, "seen": {},
                             "chain": {}}
                      for name in "abcd"[:rng.choice([2, 2, 3, 3, 4])]}
        self.records = ["r", "s"][:rng.choice([1, 1, 1, 2])]
        self.sent, self.late = [], []

    def make_options(self):
        rng = self.rng
        strategy = rng.choice(["last-writer-wins", "field-merge", "field-merge",
                               "expected-version"])
        options = {"role": "authority", "record": "edits/rec/{id}", "strategy": strategy,
                   "topics": {"canonical": "canonical/rec/{id}", "history": "history/{id}"}}
        if rng.random() < 0.4:
            options["detect"] = rng.choice(["record", "field", "none"])
        if rng.random() < 0.5:
            options["deletes"] = rng.choice(["delete-wins", "author-time", "update-wins"])
        if strategy == "expected-version":
            options["on_stale"] = rng.choice(["reject", "merge", "merge", "hold"])
            if options.get("detect") == "none":
                del options["detect"]
        elif rng.random() < 0.2 and options.get("detect") != "none":
            options["on_ambiguous"] = rng.choice(["hold", "case"])
        elif rng.random() < 0.15:
            options["order"] = "arrival"
        if rng.random() < 0.2 and "order" not in options:
            options["when"] = "01:00"
        if strategy == "field-merge":
            rules = [rule for rule in RULES if rule not in ("central", "site")
                     or "on_ambiguous" not in options]
            fields = {name: rng.choice(rules) for name in ("n", "m") if rng.random() < 0.8}
            if rng.random() < 0.3:
                fields["address"] = {"members": ["street", "zip"]}
            options["fields"] = fields
        if rng.random() < 0.2:
            options["record"] += "/{part}"
            options["topics"]["canonical"] += "/{part}"
            options.get("fields", {}).pop("address", None)
        return options

    def value(self, name):
        rule = self.options.get("fields", {}).get(name.split("/")[-1])
        if rule == "union":
            return self.rng.sample(range(6), self.rng.randrange(1, 4))
        if rule in ("max", "min", "sum"):
            return self.rng.randrange(-5, 30)
        if rule != "case" and self.rng.random() < 0.05:
            return None
        return self.rng.choice(["x", "y", "z", 1, 2.5, True, "Ж"]) if rule != "case" else \
            f"v{self.rng.randrange(10**6)}"

    def fields(self):
        names = NAMES + (["street", "zip"] if "address" in self.options.get("fields", {}) else [])
        if "{part}" in self.options["record"]:
            names = [f"{part}/{name}" for part in "pq" for name in names]
        return {name: self.value(name)
                for name in self.rng.sample(names, self.rng.choice([1, 1, 1, 2, 3]))}

    def alive(self, record, version):
        """What the record was at a version: True, False, or None if it was not there."""
        found = self.model.records.get(record)
        if found is None or version < 0:
            return None
        return found.snapshots.get(version, (None,))[0]

    def is_confirmed(self, step, seen):
        """Whether the verdict on a site's last edit can have come along with a version."""
        edit = step and self.model.known.get(edit_id(step), (None,))[0]
        return edit is not None and edit.fate not in (None, PARKED) and (
            edit.at is None or edit.at <= seen)

    def edit_of_site(self):
        rng, name = self.rng, self.rng.choice(list(self.sites))
        site, record = self.sites[name], self.rng.choice(self.records)
        newest = self.model.records[record].version if record in self.model.records else -1
        seen = site["seen"].setdefault(record, -1)
        if rng.random() < 0.4:
            seen = site["seen"][record] = rng.randint(seen, newest)
            if self.is_confirmed(site["chain"].get(record), seen) or rng.random() < 0.03:
                site["chain"].pop(record, None)
        ms = self.now - rng.randrange(3000) if rng.random() < 0.3 else \
            site["ms"] + rng.choice([0, 1, 5, 400, 2000])
        site["count"] = 0 if ms > site["ms"] else site["count"] + 1
        site["ms"] = max(ms, site["ms"])
        site["seq"] += 1
        step = {"do": "edit", "site": name, "seq": site["seq"], "record": record, "base": seen,
                "ms": site["ms"], "count": site["count"], "u": rng.choice([0, 0, 0, 5, 400]),
                "kind": "patch", "whole": rng.random() < 0.1}
        if rng.random() < 0.02:  # as if the hub had lost some of what it sent
            step["base"] += rng.randrange(1, 4)
            step["fields"] = self.fields()
            return step
        chain = site["chain"].get(record)
        view = self.alive(record, seen)
        if chain:
            step["prev"] = chain["seq"]
            view = chain["kind"] != "delete"
        draw = rng.random()
        if view is False:
            step["kind"] = "recreate" if draw < 0.5 else "delete" if draw < 0.6 else "patch"
        elif draw < 0.1 and view is not None:
            step["kind"] = "delete"
        step["fields"] = {} if step["kind"] == "delete" else self.fields()
        if rng.random() < 0.02:
            step["ms"] = self.now + rng.randrange(50_000, 90_000)
        if view is not False or step["kind"] == "recreate":
            site["chain"][record] = step
        return step

    def next_step(self):
        rng, draw = self.rng, self.rng.random()
        parked = [one for one, _, _ in self.model.waiting]
        if draw < 0.07 and self.sent:
            return {**rng.choice(self.sent), "now": self.now}
        if draw < 0.1:
            return {"do": "restart"}
        if draw < 0.13:
            return {"do": "rest", "ms": rng.choice([1000, 20_000, 100_000])}
        if self.model.gathered and draw > 0.85:
            return {"do": "rest", "ms": self.model.night_ms - self.now}
        if draw < 0.16 and (asked := sorted(self.model.asked())):
            record, unit = rng.choice(asked)
            return {"do": "choose", "record": record, "unit": unit, "which": rng.randrange(4),
                    "set": rng.choice([None, f"w{rng.randrange(99)}"])}
        if draw < 0.18 and parked:
            return {"do": rng.choice(["accept", "discard"]), "edit": rng.choice(parked).id}
        if draw < 0.26:
            record = rng.choice(self.records)
            newest = self.model.records[record].version if record in self.model.records else -1
            if self.alive(record, newest) is False:
                return {"do": "rest", "ms": 10}
            kind = "delete" if rng.random() < 0.1 and newest >= 0 else "patch"
            return {"do": "edit", "site": HUB, "record": record, "kind": kind, "u": 0,
                    "whole": rng.random() < 0.1, "follows": rng.random() < 0.3,
                    "fields": {} if kind == "delete" else self.fields()}
        step = self.edit_of_site()
        if rng.random() < 0.06:
            self.late.append(step)
            return {"do": "rest", "ms": 1}
        return step

    def make(self):
        runner = Runner({"options": self.options, "steps": []}, self.model, None)
        for _ in range(self.rng.choice([3, 6, 10, 14])):
            if self.late and self.rng.random() < 0.4:
                step = self.late.pop(0)
            else:
                step = self.next_step()
            self.now += self.rng.choice([1, 50, 1000, 3000])
            if step["do"] == "rest":
                self.now += step["ms"]
            step = {**step, "now": self.now}
            if step["do"] == "edit" and step["site"] != HUB and step not in self.sent:
                self.sent.append(step)
            try:
                runner.run_step(step)
            except Open:
                break
            self.steps.append(step)
        return {"options": self.options, "steps": self.steps}


def make(seed):
    return Maker(random.Random(seed)).make()


def run(case, plugin):
    """None, or what differs."""
    box = Box(plugin, HUB, case["options"], EPOCH)
    try:
        Runner(case, Model(case["options"]), box).run()
    except Difference as found:
        return found
    except Open:
        return None
    finally:
        box.close()
    return None
