"""Sites and hubs of `conflict`, each a built plugin with a journal of its own, and the lines that
lie between them, which are slow, cut and mended. Two hubs may serve one policy of the sites, each
with records of its own. A site shows its own edits at once (R42).

The hubs are held against the model, edit by edit, with what the sites say of each. Of a site: which
version and which edit of its own each edit builds on, and what it shows. At the end all see the
same.
"""
import heapq
import json
import random

from conflict_merge import Open
from conflict_model import Model
from conflict_runner import Runner
from difference import Difference
from host import DOWN, UP, Box
from steps import take_steps

T0 = 1_790_000_000_000
RECORDS = {"r": "hub", "s": "hub", "q": "hub-2"}


class Hub(Runner):
    """A hub with its model."""

    def __init__(self, case, name, plugin):
        options = {"role": "authority", "record": "edits/rec/{id}", **case["options"]["hub"],
                   "topics": {"canonical": "canonical/rec/{id}", "history": "history/{id}"}}
        super().__init__({"options": options, "steps": []}, Model(options),
                         Box(plugin, name, options))
        self.name = name

    def take(self, now, site, message):
        told = message.properties
        ms, count, _ = told["hlc"].split("-", 2)
        edit = {"id": told["op"], "author": site, "kind": told["kind"], "ms": int(ms),
                "record": message.topic.split("/")[-1], "count": int(count), "now": now,
                "fields": message.json() or {}, "u": int(told["u"]), "base": int(told["base"]),
                "prev": told.get("prev")}
        stamp = (site, *told["op"].split("/")[1:3], int(told["op"].split("/")[3]))
        sent = self.box.deliver(now, UP, message.topic, message.payload, stamp,
                                list(told.items()))
        self.compare(self.model.take(edit), sent)
        return sent


class Site:
    def __init__(self, case, name, plugin):
        options = {"role": "site", "record": "edits/rec/{id}",
                   **{key: value for key, value in case["options"]["hub"].items()
                      if key in ("strategy", "fields")},
                   "topics": {"canonical": "canonical/rec/{id}", "verdict": "verdicts/{origin}",
                              "view": "rec/{id}"}}
        self.box = Box(plugin, name, options)
        self.seen = {}     # record: (version, fields)
        self.pending = {}  # record: [(id, fields, kind)] without a verdict
        self.last = {}     # record: id of its last edit
        self.shown = {}    # record: fields


class Network:
    def __init__(self, case, plugin):
        self.case, self.now, self.order, self.queue = case, T0, 0, []
        self.hubs = {name: Hub(case, name, plugin) for name in sorted(set(RECORDS.values()))}
        self.sites = {name: Site(case, name, plugin) for name in case["options"]["sites"]}
        self.up = dict.fromkeys(self.sites, True)
        self.latency = dict.fromkeys(self.sites, 50)
        self.waiting = {name: [] for name in self.sites}
        self.latest, self.lane = {}, 0

    def close(self):
        for one in [*self.hubs.values(), *self.sites.values()]:
            one.box.close()

    def fail(self, kind, text):
        raise Difference(kind, f"at {self.now - T0} ms: {text}")

    def post(self, way, site, hub, message):
        if not self.up[site]:
            self.waiting[site].append((way, hub, message))
            return
        self.order += 1
        key = (way, site, hub)
        self.latest[key] = max(self.latest.get(key, 0), self.now + self.latency[site])
        heapq.heappush(self.queue, (self.latest[key], self.order, way, site, hub, message))

    def advance(self, until):
        while self.queue and self.queue[0][0] <= until:
            at, _, way, site, hub, message = heapq.heappop(self.queue)
            self.now = max(self.now, at)
            if way == UP:
                self.spread(hub, self.hubs[hub].take(self.now, site, message))
            else:
                self.hear(site, hub, message)
        self.now = until

    def spread(self, hub, sent):
        for message in sent:
            if message.topic.startswith("canonical/"):
                for site in self.sites:
                    self.post(DOWN, site, hub, message)
            elif message.topic.startswith("verdicts/") and message.topic[9:] in self.sites:
                self.post(DOWN, message.topic[9:], hub, message)

    def hear(self, name, hub, message):
        site = self.sites[name]
        self.lane += 1
        sent = site.box.deliver(self.now, DOWN, message.topic, message.payload,
                                (hub, self.hubs[hub].box.epoch, "default", self.lane),
                                list(message.properties.items()), retain=int(message.retain))
        if message.topic.startswith("canonical/"):
            record = message.topic.split("/")[-1]
            site.seen[record] = (int(message.properties["version"]), message.json())
            self.settle(site, record, message.properties["op"])
        else:
            told = message.json()
            if told["verdict"] not in ("HOLD", "CASE") or "case" not in told:
                self.settle(site, told["record"], told["op"])
        self.note_view(name, site, sent)

    @staticmethod
    def settle(site, record, identity):
        site.pending[record] = [one for one in site.pending.get(record, []) if one[0] != identity]

    def note_view(self, name, site, sent):
        for message in sent:
            if message.topic.startswith("rec/"):
                site.shown[message.topic[4:]] = message.json()
            elif message.topic.startswith("edits/"):
                record = message.topic.split("/")[-1]
                self.post(UP, name, RECORDS[record], message)

    # What happens.
    def rest(self, _step):
        pass

    def edit(self, step):
        name, record = step["site"], step["record"]
        site = self.sites[name]
        payload = "" if step["kind"] == "delete" else json.dumps(step["fields"])
        properties = [("kind", step["kind"])] if step["kind"] == "recreate" else []
        sent = site.box.deliver(self.now, UP, "edits/rec/" + record, payload, None, properties)
        op = next((one for one in sent if one.topic.startswith("edits/")), None)
        if op is None:
            self.fail("edit", f"{name} sends nothing for {step}")
        told, (version, _) = op.properties, site.seen.get(record, (-1, None))
        pending = site.pending.setdefault(record, [])
        if int(told["base"]) != version:
            self.fail("base", f"{name}: base {told['base']}, it had seen {version}")
        want = {pending[-1][0]} if pending else {None, site.last.get(record)}
        if told.get("prev") not in want:
            self.fail("prev", f"{name}: prev {told.get('prev')}, expected {want}")
        pending.append((told["op"], step["fields"], told["kind"]))
        site.last[record] = told["op"]
        self.note_view(name, site, sent)
        shown = site.shown.get(record) or {}
        if step["kind"] != "delete" and not self.shows(step["fields"], shown):
            self.fail("view", f"{name} shows {shown} after it wrote {step['fields']}")

    @staticmethod
    def shows(written, shown):
        return all(shown.get(field) == value for field, value in written.items()
                   if value is not None)

    def central(self, step):
        record = step["record"]
        hub = self.hubs[RECORDS[record]]
        stored = hub.model.records.get(record)
        if stored is not None and stored.edits and not stored.alive:
            return
        hub.hub_seq += 1
        identity = f"{hub.name}/{hub.box.epoch}/default/{hub.hub_seq}"
        sent = hub.box.deliver(self.now, UP, "edits/rec/" + record, json.dumps(step["fields"]))
        stamp = hub.hub_stamp(sent, identity, self.now)
        hub.compare(hub.model.take({
            "id": identity, "author": hub.name, "kind": "patch", "record": record,
            "fields": step["fields"], "now": self.now, "central": True, **stamp}), sent)
        self.spread(hub.name, sent)

    def cut(self, step):
        name = step["site"]
        if self.up[name]:
            self.up[name] = False
            lost = sorted(one for one in self.queue if one[3] == name)
            self.queue = [one for one in self.queue if one[3] != name]
            heapq.heapify(self.queue)
            self.waiting[name] = [(way, hub, message) for _, _, way, _, hub, message in lost]
            self.note_view(name, self.sites[name], self.sites[name].box.link(self.now, False))

    def mend(self, step):
        name = step["site"]
        if not self.up[name]:
            self.up[name] = True
            waiting, self.waiting[name] = self.waiting[name], []
            for way, hub, message in waiting:
                self.post(way, name, hub, message)
            self.note_view(name, self.sites[name], self.sites[name].box.link(self.now, True))

    def slow(self, step):
        self.latency[step["site"]] = step["ms"]

    def restart(self, step):
        (self.sites.get(step["site"]) or self.hubs[step["site"]]).box.restart()

    def run(self):
        take_steps(self)
        for name in self.sites:
            self.mend({"site": name})
        self.advance(self.now + 100_000)
        self.end()

    def end(self):
        for record, hub in RECORDS.items():
            stored = self.hubs[hub].model.records.get(record)
            if stored is None or stored.version < 0:
                continue
            want = stored.fields if stored.alive else None
            parked = any(one[1] is stored for one in self.hubs[hub].model.waiting)
            for name, site in self.sites.items():
                got = site.shown.get(record)
                plain = self.hubs[hub].plain
                if not parked and (want and plain(want)) != (got and plain(got)):
                    self.fail("view", f"at the end {name} shows {got}, the hub has {want}")


def make(seed):
    rng = random.Random(seed)
    sites = ["site-a", "site-b", "site-c"][:rng.choice([1, 2, 2, 3])]
    hub = {"strategy": rng.choice(["field-merge", "field-merge", "last-writer-wins",
                                   "expected-version"])}
    if hub["strategy"] == "expected-version":
        hub["on_stale"] = rng.choice(["reject", "merge"])
    elif hub["strategy"] == "field-merge" and rng.random() < 0.7:
        hub["fields"] = {"n": rng.choice(["sum", "max", "first", "newest"])}
    if rng.random() < 0.4:
        hub["deletes"] = rng.choice(["author-time", "update-wins"])
    steps, is_cut = [], dict.fromkeys(sites, False)
    records = ["r", "q"] if rng.random() < 0.3 else ["r"]
    for at in range(rng.choice([5, 9, 14])):
        name, draw = rng.choice(sites), rng.random()
        step = {"after": rng.choice([1, 20, 200, 3000])}
        fields = {field: rng.randrange(50) for field in
                  rng.sample(["n", "tel", "name"], rng.choice([1, 1, 2]))}
        if draw < 0.55:
            kind = rng.choice(["patch"] * 9 + ["delete"])
            step.update(do="edit", site=name, record=rng.choice(records), kind=kind,
                        fields={} if kind == "delete" else fields)
        elif draw < 0.63:
            step.update(do="central", record=rng.choice(records), fields=fields)
        elif draw < 0.83:
            is_cut[name] = not is_cut[name]
            step.update(do="cut" if is_cut[name] else "mend", site=name)
        elif draw < 0.92:
            step.update(do="slow", site=name, ms=rng.choice([5, 50, 900, 4000]))
        else:
            step.update(do="restart", site=rng.choice(sites + ["hub"]))
        steps.append(step)
    return {"options": {"sites": sites, "hub": hub}, "steps": steps}


def run(case, plugin):
    """None, or what differs."""
    network = Network(case, plugin)
    try:
        network.run()
    except Difference as found:
        return found
    except Open:
        return None
    finally:
        network.close()
    return None
