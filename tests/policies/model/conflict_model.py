"""What the authority of `conflict` has to do with each edit, written from the text of the policies
alone: every version is kept, every question is answered by looking at all edits again. It is slow
and says nothing of how a plugin gets there.

An edit is a dict: id, author, base (None: not said), prev (an id), ms, u, kind, fields, central,
now. Fields are named part/field where there are parts.
"""

from conflict_edits import APPLIED, LOST, PARKED, REJECTED, Edit, Record, concurrent

GUARD_MS = 60_000


class Open(Exception):
    """The text does not say what follows: a case ends here."""


class Model:
    """`take` an edit, `resolve` a case, let `time` pass: each gives what has to follow, a dict of
    verdicts by id, and the pairs that are reported.
    """

    def __init__(self, options):
        self.strategy = options.get("strategy", "last-writer-wins")
        self.detect = options.get("detect", "field")
        self.order = options.get("order", "author")
        self.deletes = options.get("deletes", "delete-wins")
        self.on_ambiguous = options.get("on_ambiguous", "accept")
        self.on_stale = options.get("on_stale", "reject")
        self.batch = options.get("when", "at once") != "at once"
        self.rules, self.group = {}, {}
        if self.strategy == "field-merge":
            for name, rule in options.get("fields", {}).items():
                if isinstance(rule, dict):
                    self.rules[name] = rule.get("rule", "newest")
                    self.group.update({member: name for member in rule["members"]})
                else:
                    self.rules[name] = rule
        self.records, self.known, self.waiting = {}, {}, []
        self.gathered = []
        self.count = 0

    # Which value an author had before it.
    def unit(self, field):
        return self.group.get(field, field)

    def rule(self, unit):
        return self.rules.get(unit, self.rules.get(unit.split("/")[-1], "newest"))

    def members(self, unit):
        return [field for field, name in self.group.items() if name == unit] or [unit]

    def chain(self, edit):
        """Its own edits that it builds on, newest first."""
        while edit.prev in self.known:
            edit = self.known[edit.prev][0]
            yield edit

    def seen_value(self, record, edit, unit):
        """What the author saw of a unit before this edit: its own, else the version's."""
        if edit.kind == "recreate":
            return {}
        for own in self.chain(edit):
            if own.fate == APPLIED and own.at <= edit.known:
                break
            if unit in own.writes:
                return own.writes[unit]
            if own.kind == "recreate":
                return {}
        alive, _, fields = record.snapshots.get(edit.known, (False, 0, {}))
        if not alive:
            return {}
        return {field: fields[field] for field in self.members(unit) if field in fields}

    def seen_sum(self, record, edit, unit):
        """The version's, and what its own edits that are not in it have added."""
        total = 0
        if edit.kind == "recreate":
            return total
        for own in self.chain(edit):
            if own.fate == APPLIED and own.at <= edit.known:
                break
            total += own.added.get(unit, 0)
            if own.kind == "recreate":
                return total
        alive, _, fields = record.snapshots.get(edit.known, (False, 0, {}))
        return total + (fields.get(unit, 0) if alive else 0)

    def enter(self, record, edit):
        """What the author had seen, what it wrote and when, before it counts."""
        base = edit.base
        if base is None:
            base = edit.inferred
            edit.unchecked |= self.strategy == "expected-version"
        own = list(self.chain(edit))
        edit.before = frozenset(one.id for one in own)
        if edit.unchecked:
            self.hear(record, edit)
        edit.known = max([base] + [one.known for one in own])
        seen = [one for one in record.edits if edit.saw(one)]
        latest = max([one.time for one in seen], default=None)
        edit.time = edit.stamp
        if latest is not None and latest >= edit.stamp:
            edit.time = (latest[0], latest[1] + 1, edit.author)
        edit.time += edit.stamp  # of two that count as the same moment
        if self.order == "arrival":
            self.count += 1
            edit.time = (self.count, 0, edit.author)
        edit.writes, edit.added = {}, {}
        if edit.kind == "delete":
            return
        for unit in {self.unit(field) for field in edit.fields}:
            before = self.seen_value(record, edit, unit)
            value = {**before, **{field: given for field, given in edit.fields.items()
                                  if self.unit(field) == unit}}
            edit.writes[unit] = {field: given for field, given in value.items()
                                 if given is not None}
            if self.rule(unit) == "sum":
                edit.added[unit] = value[unit] - self.seen_sum(record, edit, unit)

    @staticmethod
    def hear(record, edit):
        """Its author counts as one who has heard of all that has lost until now."""
        edit.before |= {one.id for one in record.edits if one.fate == LOST}

    def view(self, record, edit):
        """Whether the author saw a record that is alive, one that is deleted, or none; its life."""
        alive, life, _ = record.snapshots.get(edit.known, (False, 0, {}))
        own = self.known.get(edit.prev, (None,))[0]
        maker = record.makers.get(edit.known)
        if (own is not None and edit.known > own.known and not alive
                and maker not in edit.before and own.fate != APPLIED):
            raise Open("an author goes on with a chain after another's delete came")
        for own in self.chain(edit):
            if own.fate == APPLIED and own.at <= edit.known:
                continue
            if own.kind == "delete":
                return "deleted", own.life
            return "alive", own.life
        if edit.known < 0:
            return "none", 0
        return ("alive" if alive else "deleted"), life

    # What stands.
    def frontier(self, record, unit):
        """The values of this life that nobody who has seen them has replaced."""
        writers = [one for one in record.edits if one.life == record.life and unit in one.writes]
        return [one for one in writers
                if not any(other is not one and other.saw(one) for other in writers)]

    def winner(self, record, unit, left):
        rule = self.rule(unit)
        if rule == "first":
            return min(left, key=lambda one: one.time)
        if rule in ("max", "min"):
            sign = 1 if rule == "max" else -1
            return max(left, key=lambda one: (sign * one.writes[unit][unit], one.time))
        if rule in ("central", "site"):
            side = [one for one in left if one.central == (rule == "central")]
            return max(side or left, key=lambda one: one.time)
        if rule == "case" and len(left) > 1:
            return record.stands.get(unit)
        return max(left, key=lambda one: one.time)

    def is_dead(self, record):
        edits = [one for one in record.edits if one.life == record.life]
        for gone in edits:
            if gone.kind != "delete":
                continue
            others = [one for one in edits if one.kind != "delete" and concurrent(one, gone)]
            if self.deletes == "delete-wins":
                return True
            if self.deletes == "update-wins" and not others:
                return True
            if self.deletes == "author-time" and all(one.time < gone.time for one in others):
                return True
        return False

    def settle(self, record, edit):
        """The record anew, with the edit among its edits; gives the units that the edit lost."""
        lost, asked = set(), False
        record.alive = not self.is_dead(record)
        fields = {}
        units = {unit for one in record.edits if one.life == record.life for unit in one.writes}
        for unit in units:
            left = self.frontier(record, unit)
            rule = self.rule(unit)
            if rule == "sum":
                total = sum(one.added[unit] for one in record.edits
                            if one.life == record.life and unit in one.added)
                fields[unit] = total
                continue
            if rule == "union":
                fields[unit] = sorted({item for one in left for item in one.writes[unit][unit]})
                continue
            won = self.winner(record, unit, left)
            if rule == "case":
                record.stands[unit] = won
                asked = asked or (len(left) > 1 and unit in edit.writes)
            fields.update(won.writes[unit])
            if unit in edit.writes and won is not edit:
                lost.add(unit)
        record.fields = fields if record.alive else {}
        return lost, asked

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
        edit.inferred = record.version
        if self.batch:
            self.gathered.append(edit)
            return self.out, self.pairs
        self.evaluate(edit, record)
        return self.out, self.pairs

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
        for other, record, why in list(self.waiting):
            if why == "prev" and other.prev == edit.id:
                self.waiting.remove((other, record, why))
                self.evaluate(other, record)

    def evaluate(self, edit, record):
        if edit.prev:
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
            self.hear(record, edit)  # what it expected is all that there is
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
        if self.on_ambiguous != "accept" and self.is_ambiguous(edit, record, rivals):
            return self.park(edit, record, "HOLD" if self.on_ambiguous == "hold" else "CASE",
                             "ambiguous")
        return self.conclude(edit, record, rivals)

    def is_ambiguous(self, edit, record, rivals):
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
        self.report(edit, rivals)
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
        anew = Edit({"id": new_id, "author": new_id.split("/")[0], "kind": edit.kind, **stamp,
                     "fields": edit.fields, "central": True, "base": record.version})
        anew.inferred, anew.unchecked = record.version, True
        self.known[new_id] = (anew, record)
        self.evaluate(anew, record)
        edit.fate, edit.at = LOST, record.version
        record.accepted_at = record.version
        edit.writes, edit.added, edit.remade = {}, {}, True
        self.say(edit, {"verdict": {"SUPERSEDED"}, "reason": {"resolved"},
                        "version": record.version})
        self.release(edit)
        return self.out, self.pairs

    def discard(self, edit_id, now):
        self.now, self.out, self.pairs = now, {}, set()
        edit, record = self.known[edit_id]
        self.waiting = [one for one in self.waiting if one[0] is not edit]
        self.reject(edit, record, "discarded")
        return self.out, self.pairs
