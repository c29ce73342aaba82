"""Runs a case of `conflict` against model and plugin, and holds the two against each other."""
import json

from conflict_edits import APPLIED, LOST, PARKED
from difference import Difference
from host import UP, Failed

HUB, EPOCH = "hub", "0000000000000001"


def edit_id(step):
    return f"{step['site']}/e/default/{step['seq']}"


def as_edit(step, identity):
    """A step as the model takes it."""
    edit = {"id": identity, "author": step["site"], "kind": step["kind"], "record": step["record"],
            "fields": step["fields"], "ms": step["ms"], "u": step["u"], "now": step["now"],
            "count": step.get("count", 0), "base": step.get("base"), "central": step["site"] == HUB}
    if step.get("prev"):
        edit["prev"] = f"{step['site']}/e/default/{step['prev']}"
    if step.get("on"):
        edit["prev"] = step["on"]
    return edit


class Runner:
    """Runs a case. Without a box only the model goes on."""

    def __init__(self, case, model, box):
        self.case, self.model, self.box = case, model, box
        self.hub_seq = 0
        self.last_central = {}  # record: id of the last edit that was made at the centre
        self.has_parts = "{part}" in case["options"]["record"]
        self.canonical = {}
        self.cases = {}  # id of a parked edit: number
        self.last_hlc = (0, 0)

    def run(self):
        for at, step in enumerate(self.case["steps"]):
            try:
                self.run_step(step)
            except Difference as found:
                raise Difference(found.kind, f"step {at}: {found.text}") from None
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
        elif step["do"] == "choose":
            self.run_choice(step)

    def wakes(self, now):
        """What was held until its time, and the night; the model knows when that is."""
        while (due := self.model.next_due()) is not None and due[0] <= now:
            at, what = due
            if self.box is None:
                self.model.night(at) if what == "batch" else self.model.time(at)
                continue
            self.other_wakes(at, what)
            wake = self.box.next_wake()
            if wake != (at, what):
                raise Difference("wake", f"the model wakes for {what} at {at}, the plugin has "
                                 f"{self.box.wakes}")
            sent = self.box.wake(at)
            if what == "batch":
                self.stamp_night(sent, at)
            self.compare(self.model.night(at) if what == "batch" else self.model.time(at), sent)
        if self.box:
            self.other_wakes(now, None)

    def other_wakes(self, until, what):
        """Those that nothing follows from."""
        while (wake := self.box.next_wake()) is not None and wake[0] <= until and wake[1] != what:
            if wake[1] == "clock":
                raise Difference("wake", f"nothing waits for its time, the plugin has "
                                 f"{self.box.wakes}")
            self.compare(({}, set()), self.box.wake(wake[0]))

    def stamp_night(self, sent, at):
        """The hub has stamped its own edits when they came; the history says how."""
        for edit in self.model.gathered:
            if edit.central:
                stamp = self.hub_stamp(sent, edit.id, edit.stamp[0])
                edit.stamp = (stamp["ms"], stamp["count"], edit.author)

    def run_edit(self, step):
        now, stamp, properties = step["now"], None, []
        if step["site"] == HUB:
            record = self.model.records.get(step["record"])
            if record is not None and record.edits and not record.alive:
                return  # nor what the centre makes of one, without a base
            self.hub_seq += 1
            identity = f"{HUB}/{EPOCH}/default/{self.hub_seq}"
            step = {**step, "ms": now}
            if step.pop("follows", None) and step["record"] in self.last_central:
                step["on"] = self.last_central[step["record"]]
                properties.append(("prev", step["on"]))
            self.last_central[step["record"]] = identity
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
        topic, payload = self.wording(step)
        sent = self.box.deliver(now, UP, topic, payload, stamp, properties)
        if step["site"] == HUB:
            step.update(self.hub_stamp(sent, identity, now))
        self.compare(self.model.take(as_edit(step, identity)), sent)

    def wording(self, step):
        """Topic and payload of an edit: with parts, of one part or of several at once."""
        topic = "edits/rec/" + step["record"]
        if step["kind"] == "delete":
            return topic + ("/p" if self.has_parts else ""), ""
        if not self.has_parts:
            return topic, json.dumps(step["fields"])
        parts = {}
        for name, value in step["fields"].items():
            part, field = name.split("/")
            parts.setdefault(part, {})[field] = value
        if len(parts) == 1 and not step.get("whole"):
            part = next(iter(parts))
            return f"{topic}/{part}", json.dumps(parts[part])
        return topic + "/*", json.dumps(parts)

    def hub_stamp(self, sent, identity, now):
        """The hub stamps what is edited there: any moment will do that is not in the past, and
        after all that it has taken."""
        told = [message.json() for message in sent if message.topic.startswith("history/")]
        told += [case["data"]["incoming"] for case in self.box.cases.values()
                 if "incoming" in case["data"]]  # it waits
        for one in told:
            if one["op"] == identity:
                ms, count, _ = one["hlc"].split("-", 2)
                stamp = (int(ms), int(count))
                taken = max([self.last_hlc] + [edit.stamp[:2] for edit, _ in
                                               self.model.known.values()
                                               if edit.fate in (APPLIED, LOST) and not edit.remade])
                if self.model.order == "arrival":
                    taken = self.last_hlc
                if self.model.batch:
                    taken = (0, 0)  # when it came, it may have been the first
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

    def run_choice(self, step):
        """Of a field that waits: one of the values, or another."""
        if (step["record"], step["unit"]) not in self.model.asked():
            return
        record = self.model.records[step["record"]]
        left = sorted(self.model.frontier(record, step["unit"]), key=lambda one: one.id)
        chosen = left[step["which"] % len(left)]
        if step["set"] is None:
            value = chosen.writes[step["unit"]].get(step["unit"])
            data = {"choose": "take", "by": "someone", "data": {"op": chosen.id}}
        else:
            value = step["set"]
            data = {"choose": "set", "by": "someone", "data": {"value": value}}
        self.hub_seq += 1
        identity = f"{HUB}/{EPOCH}/default/{self.hub_seq}"
        stamp, sent = {"ms": step["now"], "count": 0}, None
        if self.box:
            sent = self.box.resolve(step["now"], self.open_fields()[step["record"], step["unit"]],
                                    data)
            stamp = self.hub_stamp(sent, identity, step["now"])
        expected = self.model.choose(step["record"], step["unit"], value, identity, step["now"],
                                     stamp)
        if self.box:
            self.compare(expected, sent)

    def open_fields(self):
        return {(case["subject"], case["data"]["unit"]): number
                for number, case in self.box.cases.items()
                if case["kind"] == "field" and case["outcome"] is None}

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
                reported.append((frozenset(found["conflict"]), frozenset(found["units"])))
            elif kind == "canonical":
                self.read_canonical(message)
        self.compare_verdicts(verdicts, told)
        if len(reported) != len(set(reported)) or set(reported) != pairs:
            raise Difference("pairs", f"pairs: the model says {shown(pairs)}, the plugin "
                             f"{shown(reported)}")
        self.compare_records()
        asked, is_open = self.model.asked(), set(self.open_fields())
        alive = {name for name, record in self.model.records.items() if record.alive}
        if asked != {one for one in is_open if one[0] in alive}:
            raise Difference("fields", f"the fields {sorted(asked)} wait for a person, the plugin "
                             f"has cases for {sorted(is_open)}", more=asked < is_open)

    def read_verdict(self, message, told):
        verdict = message.json()
        identity = verdict["op"].split("~")[0]
        if identity in told and told[identity]["verdict"] != "HOLD":  # held, and then decided
            raise Difference("verdicts", f"two verdicts on {identity} in one step")
        told[identity] = verdict
        if "case" in verdict:
            self.cases[identity] = verdict["case"]

    def read_canonical(self, message):
        levels, version = message.topic.split("/"), int(message.properties["version"])
        if not self.has_parts:
            self.canonical[levels[-1]] = (message.json(), version)
            return
        fields, newest = self.canonical.get(levels[2], (None, -1))
        fields = {name: value for name, value in (fields or {}).items()
                  if not name.startswith(levels[3] + "/")}
        fields.update({f"{levels[3]}/{name}": value
                       for name, value in (message.json() or {}).items()})
        self.canonical[levels[2]] = (fields, max(version, newest))

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
                                     f"{json.dumps(got)}")
            if "version" in want and got["version"] != want["version"]:
                raise Difference("version", f"{identity}: version {want['version']}, the plugin "
                                 f"says {json.dumps(got)}")
            if "lost" in want and set(got.get("lost", [])) != want["lost"]:
                raise Difference("lost", f"{identity}: lost {sorted(want['lost'])}, the plugin "
                                 f"says {json.dumps(got)}")

    def compare_records(self):
        for name, record in self.model.records.items():
            if record.version < 0:
                if name in self.canonical:
                    raise Difference("record", f"record {name} is not there, the plugin sent "
                                     "one")
                continue
            fields, version = self.canonical.get(name, (None, None))
            want = self.plain(record.fields) if record.alive else None
            if self.has_parts and not record.alive:
                want = {}
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
