"""The bridge under test: its configuration, its process, its command line, its books."""
import base64
import json
import os
import re
import subprocess
from pathlib import Path

from stage.process import Process
from stage.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]

ROUTES = [
    {"name": "sales", "direction": "up", "from": "pos/{rest...}",
     "to": "stores/{bridge.id}/pos/{rest...}"},
    {"name": "orders", "direction": "down", "from": "stores/store-42/orders/{rest...}",
     "to": "orders/{rest...}"},
]

# As a grandchild, so that the bridge stays our child. (With --seccomp-bpf it miscounts.)
STRACE = ["strace", "-D", "-f", "-qq", "-o", "/dev/null"]


def program():
    return os.environ.get("BASCULE_PROGRAM", str(ROOT / "build" / "release" / "bascule"))


def test_plugin(name):
    """The path of a plugin that is for tests only."""
    return str(Path(program()).resolve().parent / "tests" / "plugins" / f"{name}.so")


def clock(passed_s=0, wrong_s=0):
    """The environment in which so much time has passed, and the wall clock is that fast; None:
    as it is."""
    return {**os.environ, "LD_PRELOAD": test_plugin("clock"), "CLOCK_PASSED_S": str(passed_s),
            "CLOCK_WRONG_S": str(wrong_s)} if passed_s or wrong_s else None


def books(status):
    """What does not add up in a status (P8), as sentences; an empty list if the books balance."""
    wrong = []
    for direction, count in status["counters"].items():
        taken = count["journaled"] + count["unrouted"] + count["repeats"] + count["refused"]
        if count["received"] + count["emitted"] != taken:
            wrong.append(f"{direction}: received {count['received']}, emitted {count['emitted']}, "
                         f"accounted for {taken}")
        left = sum(count[where] for where in
                   ("forwarded", "expired", "evicted", "quarantined", "pending"))
        if count["journaled"] != left:
            wrong.append(f"{direction}: journaled {count['journaled']}, accounted for {left}")
    for lane in status["lanes"]:
        if not 0 <= lane["cursor"] <= lane["next_sequence"] - 1:
            wrong.append(f"lane {lane['name']} {lane['direction']}: cursor {lane['cursor']}, "
                         f"next sequence {lane['next_sequence']}")
    return wrong


class Bascule(Process):
    """`site` and `central` are anything with a url; without `central` it is a hub. Further sections
    of the YAML are keyword arguments: those of the two links are `site_link`, `central_link`.
    `example` is a file of config/ whose lanes, routes and policies are taken."""

    def __init__(self, folder, site, central, bridge_id="store-42", data_dir=None,
                 site_link=None, central_link=None, routes=None, example=None, **sections):
        super().__init__(folder / f"{bridge_id}.log")
        self.id = bridge_id
        self.folder = folder
        self.data_dir = data_dir or folder / f"{bridge_id}.journal"
        self.config = folder / f"{bridge_id}.yaml"
        quick = {"reconnect": {"min": "50ms", "max": "500ms"}}
        self.settings = {
            "bridge": {"id": bridge_id, "data_dir": str(self.data_dir)},
            "site": {"url": site.url, **quick, **(site_link or {})},
            **({"central": {"url": central.url, **quick, **(central_link or {})}}
               if central else {}),
            "journal": {"min_free": "8MiB", **sections.pop("journal", {})},
            "routes": ROUTES if routes is None else routes,
            "control": {"socket": str(folder / f"{bridge_id}.sock"),
                        **sections.pop("control", {})},
            **sections,
        }
        self._tail = ""
        if example:
            del self.settings["routes"]
            text = example.read_text()
            self._tail = text[re.search("^(lanes|routes):", text, re.MULTILINE).start():]
        self.write()

    def write(self):
        """Writes the settings; JSON is YAML."""
        sections = (f"{name}: {json.dumps(value)}\n" for name, value in self.settings.items())
        self.config.write_text("".join(sections) + self._tail)

    def start(self, under=(), up=True, passed_s=0, wrong_s=0, more=()):
        """Starts it, under a command such as strace if given, and with more arguments; waits for
        both links if `up`. As if so much time had passed, and with a wall clock that is that
        fast."""
        self.launch([*under, program(), "run", "-c", str(self.config), *more],
                    clock(passed_s, wrong_s))
        if up:
            self.wait_up()
        return self

    def start_killed_at(self, syscall, count):
        """Starts it so that it dies of SIGKILL at the count-th such system call of a thread."""
        return self.start(up=False, under=[
            *STRACE, "-e", f"trace={syscall}",
            "-e", f"inject={syscall}:signal=SIGKILL:when={count}"])

    def cli(self, *arguments, deadline_s=60, passed_s=0):
        """Runs a command of the program on this configuration; returns the finished process."""
        return subprocess.run([program(), *arguments, "-c", str(self.config)], text=True,
                              capture_output=True, timeout=deadline_s, stdin=subprocess.DEVNULL,
                              env=clock(passed_s))

    def status(self):
        """The parsed status, or None while no daemon answers."""
        answer = self.cli("status", "--json")
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def link(self, name):
        status = self.status()
        return status["links"][name] if status else {"state": "absent", "last_error": None}

    def lane(self, direction, name="default"):
        return next(lane for lane in self.status()["lanes"]
                    if (lane["name"], lane["direction"]) == (name, direction))

    def policy(self, name):
        """Its part of the status."""
        return next(one for one in self.status()["policies"] if one["name"] == name)

    def wait_decided(self, name, deadline_s=60):
        """Every input of the policy has been decided or quarantined."""
        wait_until(lambda: all(self.policy(name)[way]["backlog"] == 0 for way in ("up", "down")),
                   lambda: f"policy {name} to decide, has {self.policy(name)}", deadline_s)

    def counters(self, direction):
        return self.status()["counters"][direction]

    def backlog(self, direction):
        return sum(lane["backlog"] for lane in self.status()["lanes"]
                   if lane["direction"] == direction)

    def wait_link(self, name, *states, deadline_s=60):
        wait_until(lambda: not self.running or self.link(name)["state"] in states,
                   lambda: f"link {name} {'|'.join(states)}, is {self.link(name)}", deadline_s)
        assert self.running, f"bascule ended: {self.log()[-2000:]}"

    def wait_up(self, deadline_s=60):
        for name in "site", "central":
            if name in self.settings:
                self.wait_link(name, "up", "slow", deadline_s=deadline_s)

    def held(self):
        """How many messages are held, by topic."""
        return {one["topic"]: one["messages"] for one in self.status()["held"]["by_topic"]}

    def wait_held(self, held, deadline_s=60):
        wait_until(lambda: self.held() == held,
                   lambda: f"{held} held, has {self.held()}", deadline_s)

    def wait_drained(self, deadline_s=60):
        wait_until(lambda: self.backlog("up") + self.backlog("down") == 0,
                   lambda: f"an empty backlog, has {self.status()['lanes']}", deadline_s)

    def losses(self):
        """The rows of its loss ledger."""
        return json.loads(self.cli("journal", "losses", "--json").stdout)["losses"]

    def journaled(self, direction, lane="default", first=1, last=None):
        """The payloads, as text, of all that a lane has kept, or of a range of its sequences; none
        if there is no such lane."""
        for one in self.messages(direction, lane, first, last):
            yield base64.b64decode(one["payload_base64"]).decode(errors="replace")

    def messages(self, direction, lane="default", first=1, last=None):
        """The same, as `journal show` has them."""
        while True:
            answer = self.cli("journal", "show", "--json", "--direction", direction, "--lane",
                              lane, "--from", str(first), "--count", "10000", deadline_s=300)
            messages = json.loads(answer.stdout)["messages"] if answer.returncode == 0 else []
            for one in messages:
                if last is not None and one["sequence"] > last:
                    return
                yield one
            if not messages:
                return
            first = messages[-1]["sequence"] + 1

    def check_books(self):
        """P8. A status may be taken between two counts, so a moment of imbalance is waited out."""
        try:
            wait_until(lambda: not books(self.status()), "balance", deadline_s=20)
        except AssertionError:
            raise AssertionError("the books do not balance: "
                                 + "; ".join(books(self.status()))) from None
