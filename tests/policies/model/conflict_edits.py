"""Edits, and the record that they are of, as the model of `conflict` sees them."""

APPLIED, LOST, REJECTED, PARKED = "applied", "lost", "rejected", "parked"


class Edit:
    def __init__(self, given):
        self.id, self.author, self.kind = given["id"], given["author"], given["kind"]
        self.base, self.prev, self.u = given.get("base"), given.get("prev"), given.get("u", 0)
        self.stamp = (given["ms"], given.get("count", 0), given["author"])
        self.fields = given.get("fields") or {}
        self.central = given.get("central", False)
        self.body = (self.kind, repr(sorted(self.fields.items(), key=str)))
        self.arrived = 0       # among all
        self.fate = None       # one of the four above
        self.remade = False    # a person made it anew: its own stamp counts for nothing
        self.at = None         # the version that it made, or that stood when it lost
        self.person = False    # a person's decision, who has seen everything
        self.unchecked = False  # its author wants no check, or is a person who decides
        self.undone = False    # a delete on top of which its author's next was decided already
        self.follows = None    # an edit at the centre itself: the one before it, not decided yet
        self.before = frozenset()  # ids of its own that prev leads to
        self.unsure = frozenset()  # deletes at the centre of the same night: time decides
        self.met = []          # concurrent: what it is reported with
        self.known = -1        # the newest version that its author had seen
        self.time = self.stamp  # its stamp, or the next moment after all that it had seen
        self.life = 0
        self.writes = {}       # unit: value
        self.added = {}        # unit under sum: what it added
        self.verdict = None

    def saw(self, other):
        if other.id in self.before:
            return True
        if other.fate == APPLIED:
            return other.at <= self.known
        # It lost before the version that was seen came to be; nobody has seen what still waits.
        return other.fate == LOST and other.at < self.known


def concurrent(one, other):
    return not one.saw(other) and not other.saw(one)


class Record:
    def __init__(self):
        self.version, self.alive, self.life = -1, False, 0
        self.edits = []        # that were decided and not rejected, in that order
        self.fields = {}
        self.stands = {}       # unit under case: whose value stands
        self.snapshots = {}    # version: (alive, life, fields)
        self.makers = {}       # version: id
        self.accepted_at = -2  # the version at which a person last made an edit anew

    def seal(self, edit):
        self.snapshots[self.version] = (self.alive, self.life, dict(self.fields))
        self.makers[self.version] = edit.id
