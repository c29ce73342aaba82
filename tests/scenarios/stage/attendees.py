"""The cast of config/examples/conflict: two sites and a hub that keep attendees, with what happens
told as a timeline."""
import json

import jsonschema
import yaml

from stage.bascule import ROOT
from stage.waiting import wait_until

DAY_S = 24 * 3600
DAYS = "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"  # it begins on a Sunday
SITES = "site-a", "site-b"


def example(name, **options):
    """The sections of a file of the example, with these options of the policy changed."""
    path = ROOT / "config" / "examples" / "conflict" / f"{name}.yaml"
    settings = yaml.safe_load(path.read_text())
    policy = settings["policies"]["attendees"]["options"]
    for key, value in options.items():
        if value is None:
            policy.pop(key, None)
        else:
            policy[key] = value
    return {"routes": settings["routes"], "policies": settings["policies"]}


def check_messages(**payloads):
    """All are as the schema of that name in plugins/conflict/schema says; returns how many."""
    folder = ROOT / "plugins" / "conflict" / "schema"
    for name, messages in payloads.items():
        assert messages, f"no message of {name} to check"
        schema = json.loads((folder / f"{name}.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for message in messages:
            validator.validate(json.loads(message))
    return sum(map(len, payloads.values()))


class Attendees:
    """All brokers and bridges run, the lines are there. `options` are for all three policies,
    `own` for those of a bridge by its name; `fast` by how many seconds its wall clock is wrong."""

    def __init__(self, stage, options=None, own=None, fast=None):
        self._fast = fast or {}
        settings = {name: {**(options or {}), **(own or {}).get(name, {})}
                    for name in ("hub", *SITES)}
        self.passed_s = 0
        self.central = stage.broker("central")
        self.hub = stage.bascule(self.central, None, bridge_id="hub", start=False,
                                 **example("hub", **settings["hub"]))
        self.bridges = {"hub": self.hub}
        self.lines, self.devices, self.screens, self.notices = {}, {}, {}, {}
        for name in SITES:
            site = stage.broker(name)
            self.lines[name] = stage.line(self.central)
            self.bridges[name] = stage.bascule(site, self.lines[name], bridge_id=name, start=False,
                                               **example(name, **settings[name]))
            self.devices[name] = stage.publisher(site, f"device-{name}")
            self.screens[name] = stage.receiver(site, "attendee/+", name=f"screen-{name}")
            self.notices[name] = stage.receiver(site, f"verdicts/{name}", name=f"notices-{name}")
        self.staff = stage.publisher(self.central, "staff")
        self.records = stage.receiver(self.central, "canonical/#", name="records")
        self.conflicts = stage.receiver(self.central, "conflicts/#", name="conflicts")
        self.history = stage.receiver(self.central, "history/#", name="history")
        for name in self.bridges:
            self.start(name)

    def tell(self, who, what):
        print(f"{DAYS[self.passed_s // DAY_S]}  {who:8} {what}", flush=True)

    def start(self, name):
        self.bridges[name].start(passed_s=self.passed_s, wrong_s=self._fast.get(name, 0),
                                 up=name == "hub")
        if name != "hub":
            self.bridges[name].wait_link("site", "up", "slow")

    def days_pass(self, days):
        """All bridges start again so many days later."""
        self.passed_s += days * DAY_S
        for name, bridge in self.bridges.items():
            bridge.terminate()
            self.start(name)

    def edit(self, name, attendee, fields, **properties):
        """A device publishes it, and the site's broker and its bridge have taken it."""
        device, bridge = self.devices[name], self.bridges[name]
        before = bridge.policy("attendees")["up"]["decided"]
        payload = "" if fields is None else json.dumps(fields)
        user = {"UserProperty": list(properties.items())} if properties else {}
        device.publish(f"attendee/{attendee}/edit", payload, **user)
        device.wait_acknowledged()
        wait_until(lambda: bridge.policy("attendees")["up"]["decided"] > before,
                   f"{name} to decide about {payload}")
        self.tell(name, f"edits {attendee}: {payload or 'deleted'}")

    def seed(self, attendee, fields, version):
        """Central staff write the record, up to this version."""
        staff = self.staff
        for number in range(version + 1):
            staff.publish(f"edits/attendee/{attendee}", json.dumps(
                {**fields, "changed": number} if number < version else {**fields, "changed": "-"}))
        wait_until(lambda: self.version(attendee) == version, f"version {version}, is "
                   f"{self.version(attendee)}")
        self.settle()
        self.tell("central", f"has {attendee} at version {version}: {json.dumps(fields)}")

    def cut(self, name):
        self.lines[name].cut()
        self.bridges[name].wait_link("central", "down")
        self.tell(name, "is cut off")

    def restore(self, name, edits=1):
        """The line is back, and the edits that waited have been decided; the last verdict."""
        told = len(self.notices[name].unique)
        self.lines[name].restore()
        self.bridges[name].wait_link("central", "up", "slow")
        self.tell(name, "is connected again")
        verdict = self.wait_verdicts(name, told + edits)
        self.settle()
        return verdict

    def settle(self):
        """Whatever is on its way has come; over lines that are cut it waits."""
        for _ in range(2):  # up, and what comes of it down
            for bridge in self.bridges.values():
                if bridge.link("central" if bridge is not self.hub else "site")["state"] != "down":
                    bridge.wait_drained()

    def shown(self, name, attendee):
        """What the site's screens show."""
        return last(self.screens[name], f"attendee/{attendee}")

    def record(self, attendee):
        return last(self.records, f"canonical/attendee/{attendee}")

    def version(self, attendee):
        topic = f"canonical/attendee/{attendee}"
        found = [one for one in self.records.unique if one.topic == topic]
        return int(found[-1].user["version"]) if found else -1

    def wait_shown(self, attendee, fields, *names):
        for name in names or SITES:
            wait_until(lambda: self.shown(name, attendee) == fields,
                       lambda: f"{name} to show {fields}, shows {self.shown(name, attendee)}")
            self.tell(name, f"shows {attendee}: {json.dumps(fields)}")

    def verdict(self, name, number=-1):
        """The last one that a site was told, or the one of that number."""
        return json.loads(self.notices[name].payloads()[number])

    def wait_verdicts(self, name, count):
        """So many verdicts have come; tells of the last one."""
        self.notices[name].wait_count(count)
        told = self.verdict(name)
        more = "".join(f", {key} {told[key]}" for key in ("reason", "version", "case")
                       if key in told)
        self.tell(name, f"is told {told['verdict']}{more}")
        return told


def last(receiver, topic):
    found = receiver.payloads(topic)
    return json.loads(found[-1]) if found and found[-1] else None
