"""Random days of a site whose backlog is carried: messages, cuts, sticks old and new, imports that
are killed, kill -9 of the site, the line back in the middle. A receiver that drops repeats by the
stamp has each message once, and each lane in order. SEED=n repeats a day, DAYS=n tries so many.

R4, P2 P5 P6; fault: all of these at once
"""
import os
import random
import subprocess

from stage import Stage, program, wait_until

LANES = {"sales": {"priority": 9}, "stock": {}}
ROUTES = [{"name": lane, "direction": "up", "from": f"{lane}/#", "to": f"centre/{lane}",
           "lane": lane} for lane in LANES]
QOS = {"sales": 1, "stock": 2}  # of one topic one: a broker may let one overtake the other
STEPS = 30


class Day:
    def __init__(self, stage, seed):
        self.random = random.Random(seed)
        self.stage = stage
        site, self.central = stage.broker("site"), stage.broker("central")
        self.line = stage.line(self.central)
        self.headquarters = stage.receiver(self.central, "centre/#")
        self.till = stage.publisher(site)
        self.hub = stage.bascule(self.central, None, bridge_id="hub", start=False, routes=[])
        self.bascule = stage.bascule(site, self.line, lanes=LANES, routes=ROUTES)
        self.sold = {lane: 0 for lane in LANES}
        self.sticks, self.running, self.is_cut = [], [], False

    def sell(self):
        for lane in LANES:
            count = self.random.choice((0, 1, 30, 400))
            self.till.publish_numbered(f"{lane}/x", self.sold[lane] + 1, self.sold[lane] + count,
                                       QOS[lane])
            self.sold[lane] += count
        self.till.wait_acknowledged()

    def cut(self):
        self.line.cut()
        self.is_cut = True

    def restore(self):
        if self.is_cut:
            self.line.restore()
            self.is_cut = False

    def export(self):
        stick = self.stage.folder / f"{len(self.sticks)}.bascule"
        more = self.random.choice(([], [], ["--history"], ["--lane", "sales"]))
        done = self.bascule.cli("journal", "export", *more, str(stick))
        assert done.returncode == 0, done
        self.sticks.append(stick)

    def command(self):
        return [program(), "journal", "import", str(self.random.choice(self.sticks)), "-c",
                str(self.hub.config)]

    def import_one(self):
        """It may be refused, or stop: then the line, or another one, has to bring the rest."""
        if self.sticks:
            done = subprocess.run(self.command(), capture_output=True, text=True, timeout=120)
            assert done.returncode in (0, 1) and done.stderr.count("\n") <= 1, done

    def import_killed(self):
        if self.sticks:
            call = self.random.randint(2, 20)
            subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto", "-e",
                            f"inject=sendto:signal=SIGKILL:when={call}", *self.command()],
                           capture_output=True, timeout=120)

    def import_beside(self):
        """While other things happen."""
        if self.sticks:
            self.running.append(subprocess.Popen(self.command(), stdout=subprocess.DEVNULL,
                                                 stderr=subprocess.DEVNULL))

    def kill_site(self):
        self.bascule.kill()
        self.bascule.start(up=False)
        wait_until(lambda: self.bascule.status() is not None, "the site to be back")

    def passes(self):
        self.done = []
        steps = (self.sell, self.sell, self.cut, self.cut, self.restore, self.export, self.export,
                 self.import_one, self.import_one, self.import_killed, self.import_beside,
                 self.kill_site)
        for _ in range(STEPS):
            step = self.random.choice(steps)
            self.done.append(step.__name__)
            step()
        for one in self.running:
            one.wait(timeout=120)
        self.restore()
        self.bascule.wait_up()
        self.bascule.wait_drained()
        for lane, count in self.sold.items():
            self.headquarters.expect(range(1, count + 1), topic=f"centre/{lane}")


first = int(os.environ.get("SEED", 1))
for seed in range(first, first + int(os.environ.get("DAYS", 2))):
    with Stage() as stage:
        day = Day(stage, seed)
        try:
            day.passes()
        except BaseException:
            print(f"SEED={seed}: {' '.join(day.done)}")
            raise
    print(f"seed {seed}: {sum(day.sold.values())} messages, {len(day.sticks)} sticks, "
          f"{day.headquarters.repeats} repeats on the wire: {' '.join(day.done)}")
