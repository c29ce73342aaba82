"""What the authority of `conflict` has to do with each edit, written from the text of the policies
alone: every version is kept, every question is answered by looking at all edits again. It is slow
and says nothing of how a plugin gets there.

An edit is a dict: id, author, base (None: not said), prev (an id), ms, u, kind, fields, central,
now. Fields are named part/field where there are parts.
"""

from conflict_edits import APPLIED, LOST, PARKED, REJECTED, Edit, Record, concurrent
from conflict_merge import Merge

GUARD_MS = 60_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


class Model(Merge):
    """`take` an edit, `resolve` a case, let `time` pass: each gives what has to follow, a dict of
    verdicts by id, and the pairs that are reported.
    """

    def __init__(self, options):
        super().__init__(options)
        self.records, self.waiting = {}, []
        self.gathered, self.night_ms = [], None

    # The order of evaluation.
    def take(self, given):
        edit = Edit(given)
        self.now = given["now"]
        self.out, self.pairs = {}, set()
        if edit.id in self.known:
            former = self.known[edit.id][0]
            if former.body != edit.body:
                self.out[edit.id] = {"verdict": {"CASE"}, "reason": {"payload"}, "other": True}
            elif former.verdict is not None:
                self.out[edit.id] = former.verdict
            return self.out, self.pairs
        record = self.records.setdefault(given["record"], Record())
        self.known[edit.id] = (edit, record)
        edit.inferred, edit.number = record.version, len(self.known)
        self.arrive(edit)
        if self.batch:
            if not self.gathered:  # the next 01:00
                self.night_ms = (self.now - HOUR_MS) // DAY_MS * DAY_MS + DAY_MS + HOUR_MS
            # The centre knows its own, though no version has them yet.
            if edit.central and not edit.prev:
                edit.follows = max((one for one in self.gathered
                                    if one.central and self.known[one.id][1] is record),
                                   key=lambda one: one.number, default=edit).id
            self.gathered.append(edit)
            return self.out, self.pairs
        self.evaluate(edit, record)
        return self.out, self.pairs

    def next_due(self):
        """(when, what) of the next that happens by itself, or None."""
        due = [(edit.stamp[0] - GUARD_MS, "clock") for edit, _, why in self.waiting
               if why == "clock"]
        if self.gathered:
            due.append((self.night_ms, "batch"))
        return min(due, default=None)

    def time(self, now):
        """A wake has come: of the night, or of those whose stamps were ahead."""
        self.now, self.out, self.pairs = now, {}, set()
        for edit, record, why in list(self.waiting):
            if why == "clock" and edit.stamp[0] <= now + GUARD_MS:
                self.waiting.remove((edit, record, why))
                self.evaluate(edit, record)
        return self.out, self.pairs

    def night(self, now):
        self.now, self.out, self.pairs = now, {}, set()
        gathered, self.gathered = self.gathered, []
        for edit in sorted(gathered, key=lambda one: one.stamp):
            self.evaluate(edit, self.known[edit.id][1])
        return self.out, self.pairs

    def park(self, edit, record, verdict, reason):
        edit.fate = PARKED
        self.waiting.append((edit, record, reason))
        self.say(edit, {"verdict": {verdict}, "reason": {reason}})

    def say(self, edit, verdict):
        edit.verdict = verdict
        self.out[edit.id] = verdict

    def reject(self, edit, record, *reasons):
        edit.fate = REJECTED
        self.say(edit, {"verdict": {"REJECT"}, "reason": set(reasons), "version": record.version})
        self.release(edit)

    def release(self, edit):
        """What it builds on is decided: it is its turn now."""
        for other, record, why in sorted(self.waiting, key=lambda one: one[0].id):
            if why == "prev" and other.prev == edit.id:
                self.waiting.remove((other, record, why))
                self.evaluate(other, record)

    def evaluate(self, edit, record):
        if edit.prev and not edit.person:
            former = self.known.get(edit.prev, (None,))[0]
            if former is None or former.fate in (None, PARKED):
                return self.park(edit, record, "HOLD", "prev")
            if former.fate == REJECTED:
                return self.reject(edit, record, "dependent")
        # Where the last to come wins, stamps say nothing.
        if edit.stamp[0] > self.now + GUARD_MS and self.order != "arrival":
            return self.park(edit, record, "HOLD", "clock")
        base = edit.base if edit.base is not None else edit.inferred
        if not record.edits:
            if edit.kind == "delete":
                if base >= 0:
                    return self.park(edit, record, "CASE", "future_version"
                                     if self.strategy == "expected-version" else "resurrection")
                return self.reject(edit, record, "absent")
            if base >= 0:
                return self.park(edit, record, "CASE", "future_version"
                                 if self.strategy == "expected-version" else "resurrection")
        elif base > record.version:
            return self.park(edit, record, "CASE", "future_version")
        self.enter(record, edit)
        if self.strategy == "expected-version" and not self.is_expected(edit, record):
            return None
        return self.join(edit, record)

    def is_expected(self, edit, record):
        """Whether it goes on to be merged; else its verdict is given here."""
        if not record.edits or edit.central and edit.base is None:
            return True
        made = [record.makers[n] for n in range(edit.known + 1, record.version + 1)]
        if all(maker in edit.before for maker in made):
            if not edit.unchecked:
                self.let_through(record, edit)  # what it expected is all that there is
            return True
        if edit.known == -1 and not edit.before:
            if record.alive:
                self.reject(edit, record, "exists")
                return False
            if edit.kind == "recreate":
                return True
            self.reject(edit, record, "deleted")
            return False
        if self.on_stale == "merge":
            return True
        if self.on_stale == "hold":
            self.park(edit, record, "HOLD", "stale")
        else:
            self.reject(edit, record, "stale")
        return False

    def join(self, edit, record):
        view, life = self.view(record, edit)
        if not record.edits:
            view, life = "none", 0
        again = edit.kind == "recreate" and record.edits
        if again:
            anew = view == "deleted" or (view == "none" and not record.alive)
            if not anew:
                return self.reject(edit, record, "exists")
            life = (life if view == "deleted" else record.life) + 1
        elif view == "deleted":
            return self.reject(edit, record, "deleted")
        edit.life = life
        rivals = [one for one in record.edits if concurrent(edit, one)]
        edit.met = edit.met or rivals
        if self.on_ambiguous != "accept" and self.is_ambiguous(edit, edit.met):
            return self.park(edit, record, "HOLD" if self.on_ambiguous == "hold" else "CASE",
                             "ambiguous")
        return self.conclude(edit, record, rivals)

    def is_ambiguous(self, edit, rivals):
        """Nearer in time than the clocks are sure, to one that it competes with."""
        return any(self.is_near(edit, one) and any(self.by_time(unit, edit, one)
                                                   for unit in self.meet(edit, one))
                   for one in rivals)

    def by_time(self, unit, edit, other):
        if unit == "*":
            return self.deletes == "author-time"
        rule = self.rule(unit)
        return rule in ("newest", "first") or (rule in ("central", "site")
                                               and edit.central == other.central)

    @staticmethod
    def is_near(edit, other):
        return abs(edit.stamp[0] - other.stamp[0]) <= edit.u + other.u

    def meet(self, edit, other):
        """The units where the two compete."""
        if edit.kind == "delete" and other.kind == "delete":
            return set()
        if "delete" in (edit.kind, other.kind):
            return {"*"}
        return edit.writes.keys() & other.writes.keys()

    def conclude(self, edit, record, rivals):
        was_alive, before, fields = record.alive, record.edits, record.fields
        edit.fate, edit.at = APPLIED, record.version + 1
        if edit.life > record.life:  # else another has begun it already
            record.life, record.stands = edit.life, {}
        record.edits = before + [edit]
        ended = edit.life < record.life
        lost, asked = self.settle(record, edit)
        alive = record.alive
        verdict, reason = {"APPLY", "MERGE"}, {None}
        if edit.kind == "delete":
            if ended or (not was_alive and before):
                verdict, reason = {"SUPERSEDED"}, {"deleted", "updated"}
            elif alive:
                verdict, reason = {"SUPERSEDED"}, {"updated"}
        elif ended or not alive:
            verdict, reason = {"SUPERSEDED"}, {"deleted"}
        elif lost and lost == edit.writes.keys() and was_alive and (
                repr(sorted(fields.items())) == repr(sorted(record.fields.items()))):
            verdict = {"CASE"} if asked else {"SUPERSEDED"}
            reason = {"field"} if asked else {None}
        elif lost:
            verdict = {"APPLY", "MERGE"} if self.strategy == "last-writer-wins" else {"MERGE"}
        elif not rivals and record.accepted_at < edit.known:
            verdict = {"APPLY"}
        if verdict & {"SUPERSEDED", "CASE"}:
            edit.fate, edit.at = LOST, record.version
        else:
            record.version += 1
            record.seal(edit)
        self.report(edit, edit.met)
        said = {"verdict": verdict, "reason": reason, "version": record.version}
        if alive and not ended and edit.kind != "delete":
            said["lost"] = lost
        self.say(edit, said)
        self.release(edit)

    def report(self, edit, rivals):
        if self.detect == "none":
            return
        for other in rivals:
            units = self.meet(edit, other)
            if not units and self.detect == "record" and not (
                    edit.kind == "delete" and other.kind == "delete"):
                units = {"*"}
            if units:
                self.pairs.add((frozenset((edit.id, other.id)), frozenset(units)))

    # A person.
    def accept(self, edit_id, new_id, now, stamp):
        self.now, self.out, self.pairs = now, {}, set()
        edit, record = self.known[edit_id]
        self.waiting = [one for one in self.waiting if one[0] is not edit]
        anew = Edit({"id": new_id, "author": new_id.split("/")[0], "prev": edit.prev, **stamp,
                     "kind": self.kind_now(edit, record), "fields": edit.fields, "central": True,
                     "base": record.version})
        anew.inferred, anew.unchecked, anew.person = record.version, True, True
        self.known[new_id] = (anew, record)
        self.arrive(anew)
        self.evaluate(anew, record)
        # Who has seen the person's edit has seen this one; it is of the life that it came into.
        edit.fate, edit.at = LOST, record.version - (anew.fate == APPLIED)
        edit.life = record.life
        record.accepted_at = record.version
        edit.writes, edit.added, edit.remade = {}, {}, True
        self.say(edit, {"verdict": {"SUPERSEDED"}, "reason": {"resolved"},
                        "version": record.version})
        self.release(edit)
        return self.out, self.pairs

    @staticmethod
    def kind_now(edit, record):
        """Of a deleted record an accepted edit makes it anew; a recreate of one that is there
        writes its fields.
        """
        if edit.kind == "delete" or not record.edits:
            return edit.kind
        if not record.alive:
            return "recreate"
        return "patch" if edit.kind == "recreate" else edit.kind

    def choose(self, name, unit, value, new_id, now, stamp):
        """A person says what a field is that waits."""
        self.now, self.out, self.pairs = now, {}, set()
        record = self.records[name]
        anew = Edit({"id": new_id, "author": new_id.split("/")[0], "kind": "patch", **stamp,
                     "fields": {unit: value}, "central": True, "base": record.version})
        anew.inferred, anew.unchecked, anew.person = record.version, True, True
        self.known[new_id] = (anew, record)
        self.arrive(anew)
        self.evaluate(anew, record)
        return self.out, self.pairs

    def asked(self):
        """The fields that wait for a person: (record, unit)."""
        return {(name, unit) for name, record in self.records.items() if record.alive
                for unit in record.stands if self.rule(unit) == "case"
                and len(self.frontier(record, unit)) > 1}

    def discard(self, edit_id, now):
        self.now, self.out, self.pairs = now, {}, set()
        edit, record = self.known[edit_id]
        self.waiting = [one for one in self.waiting if one[0] is not edit]
        self.reject(edit, record, "discarded")
        return self.out, self.pairs
