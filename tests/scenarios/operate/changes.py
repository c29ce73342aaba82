"""The file changes while messages wait: every kind of change, with nothing waiting, with messages
in the journal, in the broker's session, in flight at QoS 1 and 2, or only in the history. What must
arrive and in which order, and what status, ledger, quarantine and log say.

P2 P3 P8; with arguments, only the cells that have one of them in their names
"""
import copy
import multiprocessing
import shutil
import sys
import traceback

from stage import PUBACK, PUBREC, Stage, retained_at, wait_until
from stage.file_changes import (CHANGES, ELSEWHERE, EMPTY, HISTORY, IN_FLIGHT, JOURNAL, LANES,
                                 QOS_1, QOS_2, SESSION, WAITING, route)

ALL = 10**9
WORKERS = 4      # cells are played side by side
CELLS = [(name, state) for name, change in CHANGES.items() for state in change.arrives]


class Cell:
    """One change, with messages waiting in one way."""

    def __init__(self, stage, brokers, clients, name, state):
        self.change, self.state = CHANGES[name], state
        self.name = f"{name}, {state}"
        self.till, *self.receivers = clients
        self.id = "c-" + "".join(letter if letter.isalnum() else "-" for letter in self.name)
        self.brokers = brokers
        self.site, self.central, _ = brokers
        self.line = stage.line(self.central)
        self.bascule = stage.bascule(
            self.site, self.line, start=False, bridge_id=self.id, routes=[route(self.id)],
            lanes=dict(LANES), site_link={"client_id": self.id + "-before"})
        if self.change.before:
            self.change.before(self.id, self.bascule.settings)
            self.bascule.write()
        self.old = [] if state == EMPTY else [f"old {n}" for n in range(1, WAITING + 1)]
        self.new = [f"new {n}" for n in range(1, WAITING + 1)]
        self.central_section = self.bascule.settings["central"]

    def publish(self, topic, texts, qos=1, rest=""):
        for count, text in enumerate(texts, 1):
            self.till.publish(f"{self.id}/{topic}", text + rest, qos)
            if rest and self.bascule.running:  # each in a commit of its own
                wait_until(lambda count=count:
                           self.bascule.counters("up")["journaled"] == count,
                           f"{count} in the journal")
        self.till.wait_acknowledged()

    def arrived(self):
        """What has come to the centre, in order, and then to the other one; with > where the new
        target is. A target that a topic has left is cleared, when that may be."""
        prefix = f"out/{self.id}/"
        return [one.payload.rstrip(".") + (">" if one.topic.startswith(prefix + "new/") else "")
                for receiver in self.receivers for one in list(receiver.unique)
                if one.topic.startswith(prefix) and one.payload]

    def wait_arrived(self, expected):
        wait_until(lambda: len(self.arrived()) >= len(expected),
                   lambda: f"{expected}, has {self.arrived()}")
        assert self.arrived() == expected, f"{expected} expected, came {self.arrived()}"

    def let_wait(self):
        """The old messages wait where the state says; then the bridge is away."""
        bascule, state = self.bascule.start(), self.state
        if self.change.older and state == HISTORY:
            self.copy_journal()
        if state == JOURNAL:
            self.line.cut()
            bascule.wait_link("central", "down")
        if state in IN_FLIGHT:
            self.line.eat("broker", PUBACK if state == QOS_1 else PUBREC, ALL)
        if state == SESSION:
            bascule.terminate()
        if state != EMPTY:
            self.publish("in/a", self.old, 2 if state == QOS_2 else 1,
                         "." * self.change.big)
        if state == JOURNAL:
            wait_until(lambda: bascule.counters("up")["pending"] == WAITING,
                       "all in the journal")
        if state in IN_FLIGHT:
            wait_until(lambda: bascule.lane("up", "slow")["in_flight"] == WAITING,
                       "all in flight")
        if state == HISTORY:
            self.wait_arrived(self.old)
            wait_until(lambda: bascule.lane("up", "slow")["bookmark"] == WAITING, "the bookmark")
        if state == JOURNAL and self.change.refused:
            self.check_beforehand()
        if state in IN_FLIGHT:
            bascule.kill()
        elif state != SESSION:
            bascule.terminate()
        for packet in PUBACK, PUBREC:
            self.line.eat("broker", packet, 0)
        self.line.restore()
        if self.change.older:
            self.put_back_journal()

    def older_folder(self):
        return self.bascule.data_dir.with_suffix(".older")

    def copy_journal(self):
        """As a backup of a file system has it, between two runs."""
        self.bascule.terminate()
        shutil.copytree(self.bascule.data_dir, self.older_folder())
        self.bascule.start()

    def put_back_journal(self):
        if self.state == JOURNAL:  # they wait in the copy, and cross now
            self.copy_journal()
            self.wait_arrived(self.old)
            self.line.cut()
            self.bascule.wait_link("central", "down")
            self.line.restore()
            self.bascule.wait_link("central", "up", "slow")
            wait_until(lambda: all(lane["bookmark"] == lane["next_sequence"] - 1
                                   for lane in self.bascule.status()["lanes"]
                                   if lane["direction"] == "up"), "the bookmark of all lanes")
            self.bascule.terminate()
        shutil.rmtree(self.bascule.data_dir)
        self.older_folder().rename(self.bascule.data_dir)

    def check_beforehand(self):
        """The daemon that runs is asked about a file that it does not have yet."""
        with_change = copy.deepcopy(self.bascule.settings)
        self.change.apply(self.id, with_change)
        other = copy.copy(self.bascule)
        other.config, other.settings = self.bascule.folder / f"{self.id}.new.yaml", with_change
        other.write()
        checked = other.cli("check", "--journal")
        # Nothing is as old yet as it will be at the next start.
        count = 0 if self.change.later_s else self.change.refused[JOURNAL]
        assert checked.returncode == (1 if count else 0), checked
        assert (f"gives up {count} of {WAITING} messages" in checked.stderr) == bool(count), checked

    def expected(self):
        """Payloads by the words of the table."""
        texts = {"old": self.old, "new": self.new, "last": self.old[1:]}
        return [text + (">" if word.endswith(">") else "")
                for word in self.change.arrives[self.state].split()
                for text in texts[word.rstrip(">")]]

    def check_refused(self, count):
        checked = self.bascule.cli("check", "--journal", passed_s=self.change.later_s)
        assert checked.returncode == 1 and f"gives up {count} of {WAITING} messages" in \
            checked.stderr, checked
        self.bascule.start(up=False, passed_s=self.change.later_s)
        assert self.bascule.wait() == 1
        assert "--accept-losses" in self.bascule.log(), self.bascule.log()
        assert self.bascule.losses() == []

    def play(self):
        change, state, bascule = self.change, self.state, self.bascule
        self.let_wait()
        change.apply(self.id, bascule.settings)
        bascule.write()
        refused = (change.refused or {}).get(state)
        if refused:
            self.check_refused(refused)
            return
        more = ["--accept-losses"] if change.accept_losses else []
        away = "central" not in bascule.settings
        bascule.start(passed_s=change.later_s, more=more)
        if change.orphans:
            self.check_orphans()
        if away:
            bascule.terminate()
            return
        wait_until(lambda: change.settled in bascule.log(), change.settled)
        # At the same QoS: what goes at 1 may overtake the handshakes of what goes at 2.
        self.publish(change.new_topic, self.new, 2 if state == QOS_2 else 1)
        self.wait_arrived(self.expected())
        bascule.wait_drained()
        bascule.check_books()
        log = bascule.log()
        if state in change.says_in:
            assert all(text in log for text in change.says.split("|")), log
        self.check_counts()
        if state in change.quarantined:
            self.check_requeued()
        bascule.terminate()

    def quarantine(self, *arguments):
        done = self.bascule.cli("journal", "quarantine", *arguments)
        return done.returncode, done.stdout + done.stderr

    def check_orphans(self):
        """What nobody takes is told, can be taken out, and sent another way."""
        bascule, options = self.bascule, self.change.orphans
        orphans = bascule.status()["orphans"]
        assert [one["messages"] for one in orphans] == [WAITING], orphans
        assert "put it back, or take them out" in bascule.log(), bascule.log()
        assert "DEGRADED" in bascule.cli("status").stdout
        assert self.quarantine("add", *options) == (0, f"{WAITING} messages quarantined\n")
        assert bascule.status()["orphans"] == []
        if "central" in bascule.settings:
            code, text = self.quarantine("requeue", "--all")
            assert code == 1 and "which the file does not name any more" in text, text
            assert self.quarantine("requeue", "--all", "--into", "slow")[0] == 0
        else:
            bascule.check_books()
            bascule.terminate()
            bascule.settings.update(central=self.central_section, routes=[route(self.id)])
            del bascule.settings["policies"]
            bascule.write()
            bascule.start()
            assert self.quarantine("requeue", "--all")[0] == 0
        self.wait_arrived(self.old)

    def check_requeued(self):
        """What came for a former filter goes by the present routes, once there is one."""
        code, text = self.quarantine("requeue", "--all")
        assert code == 1 and "no route of the file takes" in text, text
        self.bascule.terminate()
        self.bascule.settings["routes"] = [route(self.id)]
        self.bascule.write()
        self.bascule.start()
        assert self.quarantine("requeue", "--all")[0] == 0
        self.wait_arrived(self.expected() + self.old)
        self.bascule.wait_drained()

    def check_counts(self):
        status = self.bascule.status()
        aside = status["quarantine"]["messages"]
        assert aside == (len(self.old) if self.state in self.change.quarantined else 0), aside
        assert status["orphans"] == [] and all(
            lane["behind"] is None for lane in status["lanes"]), status
        lost = {}
        for loss in self.bascule.losses():
            lost[loss["reason"]] = lost.get(loss["reason"], 0) + loss["count"]
        count, why = (self.change.lost or {}).get(self.state, (0, None))
        assert lost == ({why: count} if why else {}), lost
        # What came last to each topic is what stays there.
        for receiver, broker in zip(self.receivers, self.brokers[1:]):
            def last(receiver=receiver):
                values = {one.topic: one.payload for one in list(receiver.unique)
                          if one.topic.startswith(f"out/{self.id}/")}
                return {topic: value for topic, value in values.items() if value}
            wait_until(lambda: retained_at(broker, f"out/{self.id}/#") == last(),
                       lambda: f"{last()} retained")


def play(brokers, worker, failed):
    """A worker's share of the cells."""
    with Stage() as stage:
        site, *centres = brokers
        clients = (stage.publisher(site, f"till-{worker}"),
                   *(stage.receiver(centre, "out/#", name=f"{centre.name}-{worker}", qos=2)
                     for centre in centres))
        for name, state in CELLS[worker::WORKERS]:
            if len(sys.argv) > 1 and not any(word in f"{name}, {state}" for word in sys.argv[1:]):
                continue
            cell = Cell(stage, brokers, clients, name, state)
            try:
                cell.play()
            except Exception:
                log = "\n".join(cell.bascule.log().splitlines()[-25:])
                failed.put(f"{cell.name}: {traceback.format_exc()}its log ends with:\n{log}\n")
                cell.bascule.leave()


if __name__ == "__main__":
    with Stage() as stage:
        brokers = [stage.broker(name) for name in ("site", "central", "other")]
        ELSEWHERE.append(brokers[2].url)
        failed = multiprocessing.SimpleQueue()
        workers = [multiprocessing.Process(target=play, args=(brokers, number, failed))
                   for number in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        faults = []
        while not failed.empty():
            faults.append(failed.get())
        print(*faults, sep="\n")
        assert not faults, f"{len(faults)} of {len(CELLS)} cells fail"
        assert all(worker.exitcode == 0 for worker in workers)
    print(f"{len(CELLS)} cells")
