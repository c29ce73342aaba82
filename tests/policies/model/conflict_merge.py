"""What an author of `conflict` had seen, and what stands of all that was written to a record."""

from conflict_edits import APPLIED, LOST, PARKED, REJECTED, concurrent


class Open(Exception):
    """The text does not say what follows: a case ends here."""


class Merge:
    """The rules of one policy; the records stay with the caller."""

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
        self.known = {}
        self.count = 0

    # Which value an author had before it.
    def unit(self, field):
        return self.group.get(field, field)

    def rule(self, unit):
        return self.rules.get(unit, self.rules.get(unit.split("/")[-1], "newest"))

    def arrive(self, edit):
        self.count += 1
        edit.arrived = self.count

    def chain(self, edit):
        """Its own edits that it builds on, newest first."""
        while (before := edit.prev or edit.follows) in self.known and before != edit.id:
            edit = self.known[before][0]
            yield edit

    def unconfirmed(self, edit):
        """Those that may not be in the version that was seen; a person has seen what there is."""
        return () if edit.person else self.chain(edit)

    def seen_value(self, record, edit, unit):
        """What the author saw of a unit before this edit: its own, else the version's."""
        if edit.kind == "recreate":
            return {}

        def of_unit(seen):
            return {field: value for field, value in seen.items() if self.unit(field) == unit}

        pending = {}  # by its own that still wait, on top of what is decided
        for own in self.unconfirmed(edit):
            if own.fate == APPLIED and own.at <= edit.known:
                break
            if own.fate == REJECTED or own.fate == LOST and own.at < edit.known:
                continue  # its author knows that it lost
            if own.fate == PARKED and edit.prev:
                pending = {**own.fields, **pending}
            elif unit in own.writes:
                return of_unit({**own.writes[unit], **pending})
            if own.kind == "recreate":
                return of_unit(pending)
        alive, _, fields = record.snapshots.get(edit.known, (False, 0, {}))
        return of_unit({**(fields if alive else {}), **pending})

    def seen_sum(self, record, edit, unit):
        """The version's, and what its own edits that are not in it have added."""
        total = 0
        if edit.kind == "recreate":
            return total
        for own in self.unconfirmed(edit):
            if own.fate == APPLIED and own.at <= edit.known:
                break
            if own.fate == LOST and own.at < edit.known:
                continue  # its author knows that it lost
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
            if self.strategy == "expected-version":
                base, edit.unchecked = record.version, True
        own = list(self.chain(edit))
        oldest = own[-1] if own else edit
        not_come = oldest.prev or oldest.follows
        edit.before = frozenset([one.id for one in own] + ([not_come] if not_come else []))
        if edit.follows:
            edit.unsure = {one.id for one in own if one.kind == "delete"}
        through = edit.base is None and edit.unchecked
        if through:
            edit.known = edit.inferred
            edit.met = [one for one in record.edits if concurrent(edit, one)]
        elif edit.unchecked:
            self.hear(record, edit)
        edit.known = max([base] + [one.known for one in own])
        seen = [one for one in record.edits if edit.saw(one)]
        latest = max([one.time for one in seen], default=None)
        # Where whoever comes last wins, what waits has come all the same.
        own_time = (edit.arrived, 0, edit.author) if self.order == "arrival" else edit.stamp
        edit.time = own_time
        if latest is not None and latest >= own_time:
            edit.time = (latest[0], latest[1] + 1, edit.author)
        edit.time += own_time  # of two that count as the same moment
        if through:  # it need not go behind what has lost since its version was made
            self.hear(record, edit)
        edit.writes, edit.added = {}, {}
        if edit.kind == "delete":
            edit.undone = any(edit.id in one.before and one.kind != "delete" and not one.remade
                              and one.life == record.life for one in record.edits)
            return
        for unit in {self.unit(field) for field in edit.fields}:
            before = self.seen_value(record, edit, unit)
            value = {**before, **{field: given for field, given in edit.fields.items()
                                  if self.unit(field) == unit}}
            edit.writes[unit] = {field: given for field, given in value.items()
                                 if given is not None}
            if self.rule(unit) == "sum":
                # What was made on top of it, and counts already, has added its part, too.
                built = any(edit.id in one.before and unit in one.writes for one in record.edits)
                edit.added[unit] = 0 if built else (
                    value[unit] - self.seen_sum(record, edit, unit))

    def let_through(self, record, edit):
        """It replaces all that there is, and has met what its author had not seen."""
        edit.met = [one for one in record.edits if concurrent(edit, one)]
        self.hear(record, edit)

    @staticmethod
    def hear(record, edit):
        """Its author counts as one who has heard of all that has lost until now."""
        edit.before |= {one.id for one in record.edits if one.fate == LOST}

    def view(self, record, edit):
        """Whether the author saw a record that is alive, one that is deleted, or none; its life."""
        alive, life, _ = record.snapshots.get(edit.known, (False, 0, {}))
        own = next(iter(self.unconfirmed(edit)), None) if edit.prev else None
        maker = record.makers.get(edit.known)
        if (own is not None and edit.known > own.known and not alive
                and maker not in edit.before and own.fate != APPLIED):
            raise Open("an author goes on with a chain after another's delete came")
        for own in self.unconfirmed(edit):
            if own.fate == APPLIED and own.at <= edit.known:
                # Without a base it saw what there is, but for its own delete that is not in the
                # version that was there when it came: whatever became of that.
                if (edit.base is None and edit.prev and own.kind == "delete"
                        and own.at > edit.inferred):
                    return "deleted", own.life
                break  # what it saw is on top of this one
            if own.fate == REJECTED and edit.follows:
                continue
            if own.fate == LOST and own.at < edit.known:
                continue  # its author has seen a version that it is not in
            if own.kind == "delete" and not edit.follows:
                return "deleted", own.life
            # Who saw the record made anew since means the new life.
            return "alive", max(own.life, life) if alive else own.life
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
            if gone.kind != "delete" or gone.undone:
                continue
            others = [one for one in edits if one.kind != "delete" and (
                concurrent(one, gone) or gone.id in one.unsure)]
            if self.deletes == "delete-wins":
                return True
            if self.deletes == "update-wins" and not others:
                return True
            if self.deletes == "author-time" and all(
                    one.time[:3] < gone.time[:3] for one in others):
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
                if unit in edit.writes and edit not in left:
                    lost.add(unit)  # replaced by what was made on top of it
                continue
            won = self.winner(record, unit, left)
            if rule == "case":
                record.stands[unit] = won
                asked = asked or (len(left) > 1 and edit in left)
            fields.update(won.writes[unit])
            if unit in edit.writes and won is not edit:
                lost.add(unit)
        record.fields = fields if record.alive else {}
        return lost, asked
