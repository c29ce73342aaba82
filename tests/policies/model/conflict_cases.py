"""Random cases for `conflict`, and one run of a case against model and plugin.

A case is {"options": …, "steps": […]}: plain JSON, so that it can be printed, cut down and run
again. It is made beside the model alone, which knows what each author can have seen.
"""
import json
import random

from conflict_edits import APPLIED, LOST, PARKED
from conflict_model import Model, Open
from difference import Difference
from host import Box, Failed, UP

T0 = 1_790_000_000_000  # ms since 1970; a Monday in September 2026
HUB, EPOCH = "hub", "0000000000000001"
RULES = ["newest", "first", "max", "min", "sum", "union", "central", "site", "case"]
NAMES = ["name", "tel", "n", "m"]


def edit_id(step):
    return f"{step['site']}/e/default/{step['seq']}"


def as_edit(step, identity):
    """A step as the model takes it."""
    edit = {"id": identity, "author": step["site"], "kind": step["kind"], "record": step["record"],
            "fields": step["fields"], "ms": step["ms"], "u": step["u"], "now": step["now"],
            "count": step.get("count", 0), "base": step.get("base"), "central": step["site"] == HUB}
    if step.get("prev"):
        edit["prev"] = f"{step['site']}/e/default/{step['prev']}"
    return edit


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
        if strategy == "field-merge":
            rules = [rule for rule in RULES if rule not in ("central", "site")
                     or "on_ambiguous" not in options]
            fields = {name: rng.choice(rules) for name in ("n", "m") if rng.random() < 0.8}
            if rng.random() < 0.3:
                fields["address"] = {"members": ["street", "zip"]}
            options["fields"] = fields
        return options

    def value(self, name):
        rule = self.options.get("fields", {}).get(name)
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
                "kind": "patch"}
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
        if draw < 0.18 and parked:
            return {"do": rng.choice(["accept", "discard"]), "edit": rng.choice(parked).id}
        if draw < 0.26:
            record = rng.choice(self.records)
            newest = self.model.records[record].version if record in self.model.records else -1
            if self.alive(record, newest) is False:
                return {"do": "rest", "ms": 10}
            kind = "delete" if rng.random() < 0.1 and newest >= 0 else "patch"
            return {"do": "edit", "site": HUB, "record": record, "kind": kind, "u": 0,
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


class Runner:
    """Runs a case. Without a box only the model goes on."""

    def __init__(self, case, model, box):
        self.case, self.model, self.box = case, model, box
        self.hub_seq = 0
        self.canonical = {}
        self.cases = {}  # id of a parked edit: number
        self.last_hlc = (0, 0)

    def run(self):
        for at, step in enumerate(self.case["steps"]):
            try:
                self.run_step(step)
            except Difference as found:
                raise Difference(found.kind, f"step {at}: {found.text}", step=step,
                                 **found.facts) from None
            except Failed as found:
                raise Difference("failed", f"step {at}: the step failed: {found}") from None

    def run_step(self, step):
        now = step["now"]
        self.wakes(now)
        if step["do"] == "restart":
            if self.box:
                self.box.restart()
        elif step["do"] == "edit":
            self.run_edit(step)
        elif step["do"] in ("accept", "discard"):
            self.run_decision(step)

    def wakes(self, now):
        """Those that were held until their time; the model knows when that is."""
        while True:
            due = [edit.stamp[0] - 60_000 for edit, _, why in self.model.waiting
                   if why == "clock"]
            if not due or min(due) > now:
                break
            at = min(due)
            expected = self.model.time(at)
            if self.box is None:
                continue
            wake = self.box.next_wake()
            if wake is None or wake[0] > now:
                raise Difference("wake", f"no wake for what is held until {at}; wakes "
                                 f"{self.box.wakes}")
            self.compare(expected, self.box.wake(at))
        while self.box and self.box.next_wake() and self.box.next_wake()[0] <= now:
            self.compare(({}, set()), self.box.wake(now))

    def run_edit(self, step):
        now, stamp, properties = step["now"], None, []
        if step["site"] == HUB:
            record = self.model.records.get(step["record"])
            if record is not None and record.edits and not record.alive:
                return  # nor what the centre makes of one, without a base
            self.hub_seq += 1
            identity = f"{HUB}/{EPOCH}/default/{self.hub_seq}"
            step = {**step, "ms": now}
        else:
            identity = edit_id(step)
            stamp = (step["site"], "e", "default", step["seq"])
            properties = [("op", identity), ("hlc", f"{step['ms']}-{step['count']}-{step['site']}"),
                          ("u", str(step["u"])), ("kind", step["kind"]),
                          ("base", str(step["base"])), ("base-quality", "inferred")]
            if step.get("prev"):
                properties.append(("prev", f"{step['site']}/e/default/{step['prev']}"))
        if self.box is None:
            self.model.take(as_edit(step, identity))
            return
        payload = "" if step["kind"] == "delete" else json.dumps(step["fields"])
        sent = self.box.deliver(now, UP, "edits/rec/" + step["record"], payload, stamp, properties)
        if step["site"] == HUB:
            step.update(self.hub_stamp(sent, identity, now))
        self.compare(self.model.take(as_edit(step, identity)), sent)

    def hub_stamp(self, sent, identity, now):
        """The hub stamps what is edited there: any moment will do that is not in the past, and
        after all that it has taken."""
        for message in sent:
            if message.topic.startswith("history/") and message.json()["op"] == identity:
                ms, count, _ = message.json()["hlc"].split("-", 2)
                stamp = (int(ms), int(count))
                taken = max([self.last_hlc] + [edit.stamp[:2] for edit, _ in
                                               self.model.known.values()
                                               if edit.fate in (APPLIED, LOST) and not edit.remade])
                if self.model.order == "arrival":
                    taken = self.last_hlc
                if stamp <= taken or stamp[0] < now:
                    raise Difference("stamp", f"{identity} is stamped {stamp}, after {taken} "
                                     f"at {now}")
                self.last_hlc = stamp
                return {"ms": stamp[0], "count": stamp[1]}
        return {"ms": now, "count": 0}

    def run_decision(self, step):
        edit, record = self.model.known.get(step["edit"], (None, None))
        if edit is None or edit.fate != PARKED:
            return
        if step["do"] == "accept" and record.edits and not record.alive:
            return  # what a person makes of a record that is deleted is not written down
        before = self.model.known.get(edit.prev, (None,))[0]
        if step["do"] == "accept" and edit.prev and (before is None or before.fate == PARKED):
            return  # nor what becomes of a chain whose middle is accepted
        self.hub_seq += 1
        identity = f"{HUB}/{EPOCH}/default/{self.hub_seq}"
        stamp, sent = {"ms": step["now"], "count": 0}, None
        if self.box:
            number = self.cases.get(step["edit"])
            if number is None or self.box.cases[number]["outcome"] is not None:
                raise Difference("case", f"{step['edit']} is parked, and no case is open for "
                                 "it")
            sent = self.box.resolve(step["now"], number, {"choose": step["do"], "by": "someone"})
            stamp = self.hub_stamp(sent, identity, step["now"])
        if step["do"] == "accept":
            expected = self.model.accept(step["edit"], identity, step["now"], stamp)
        else:
            expected = self.model.discard(step["edit"], step["now"])
        if self.box:
            self.compare(expected, sent)

    # What is held against each other.
    def compare(self, expected, sent):
        verdicts, pairs = expected
        told, reported = {}, []
        for message in sent:
            kind = message.topic.split("/")[0]
            if kind == "verdicts":
                self.read_verdict(message, told)
            elif kind == "conflicts":
                found = message.json()
                if any(self.is_remade(one) for one in found["conflict"]):
                    continue
                reported.append((frozenset(found["conflict"]), frozenset(found["units"])))
            elif kind == "canonical":
                self.read_canonical(message)
        self.compare_verdicts(verdicts, told)
        if len(reported) != len(set(reported)) or set(reported) != pairs:
            raise Difference("pairs", f"pairs: the model says {shown(pairs)}, the plugin "
                             f"{shown(reported)}", want=pairs, got=set(reported))
        self.compare_records()

    def is_remade(self, identity):
        edit = self.model.known.get(identity, (None,))[0]
        return edit is not None and edit.remade

    def read_verdict(self, message, told):
        verdict = message.json()
        identity = verdict["op"].split("~")[0]
        if identity in told:
            raise Difference("verdicts", f"two verdicts on {identity} in one step")
        told[identity] = verdict
        if "case" in verdict:
            self.cases[identity] = verdict["case"]

    def read_canonical(self, message):
        record = message.topic.split("/")[-1]
        self.canonical[record] = (message.json(), int(message.properties["version"]))

    def compare_verdicts(self, verdicts, told):
        if told.keys() != verdicts.keys():
            raise Difference("verdicts", f"verdicts on {sorted(verdicts)}, the plugin gave them "
                             f"on {sorted(told)}")
        for identity, want in verdicts.items():
            got = told[identity]
            for name in ("verdict", "reason"):
                if got.get(name) not in want[name]:
                    raise Difference(name, f"{identity}: {name} "
                                     f"{' or '.join(map(str, want[name]))}, the plugin says "
                                     f"{json.dumps(got)}", want=want, got=got)
            if "version" in want and got["version"] != want["version"]:
                raise Difference("version", f"{identity}: version {want['version']}, the plugin "
                                 f"says {json.dumps(got)}", want=want, got=got)
            if "lost" in want and set(got.get("lost", [])) != want["lost"]:
                raise Difference("lost", f"{identity}: lost {sorted(want['lost'])}, the plugin "
                                 f"says {json.dumps(got)}", want=want, got=got)

    def compare_records(self):
        for name, record in self.model.records.items():
            if record.version < 0:
                if name in self.canonical:
                    raise Difference("record", f"record {name} is not there, the plugin sent "
                                     "one")
                continue
            fields, version = self.canonical.get(name, (None, None))
            want = self.plain(record.fields) if record.alive else None
            got = self.plain(fields) if fields is not None else None
            if (want, record.version) != (got, version):
                raise Difference("record", f"record {name}: {json.dumps(want)} at "
                                 f"{record.version}, the plugin has {json.dumps(got)} at "
                                 f"{version}")

    def plain(self, fields):
        """Lists under `union` are sets."""
        return {name: sorted(value) if self.model.rule(name) == "union" else value
                for name, value in fields.items()}


def shown(pairs):
    return sorted(f"{' x '.join(sorted(ids))} on {','.join(sorted(units))}"
                  for ids, units in pairs)


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
