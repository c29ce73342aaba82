"""What must hold: for each message that clients published, where it has to arrive, whether it may
be lost or come twice, and in which order. The model hears of what is done to the world; it knows
the rules of brokers, and what the bridge promises on top. Pure: no process, no socket, no time.

A message is *open* from its publishing until the world has settled: whatever happens meanwhile may
concern it. A *hop* is one bridge in one direction. Messages that cross two bridges make two
hops; the second is judged by what has arrived after the first.
"""
import base64
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

CENTRAL = "central"
# Reasons in a ledger where no limit took anything: what a broker forgot and was not sent again.
UNSENT = ("not_resent", "beyond_history")
_IN_LEDGER = "it is in the ledger"


@dataclass
class Sent:
    number: int
    place: str
    topic: str
    qos: int
    size: int
    retain: bool
    possible: dict                             # bridge: the configurations that may have met it
    calm: bool                                 # nothing was disturbed while it was open
    open: bool = True
    lossy: dict = field(default_factory=dict)  # hop: why it may be lost there
    repeats: set = field(default_factory=set)  # hops that it may make twice, in any order
    later: set = field(default_factory=set)    # of a retained one: bridge and configuration since
    refused: set = field(default_factory=set)  # places, and what is refused there, meanwhile
    late: bool = False                         # lost at QoS 0, it may go with what is sent again
    overtaken: bool = False                    # it may be
    again: Counter = field(default_factory=Counter)  # place: how often it came there, once settled

    @property
    def payload(self):
        return f"m{self.number}:" + "x" * self.size

    def __str__(self):
        return (f"m{self.number} ({self.place} {self.topic} qos {self.qos}"
                f"{' retained' if self.retain else ''}, {self.size} bytes)")


@dataclass(frozen=True)
class Finding:
    text: str
    missing_on: tuple = None  # the hop that lacks the message


def number_of(payload):
    """The number of a message that a client published; None for others."""
    head = payload.partition(":")[0]
    return int(head[1:]) if head[:1] == "m" and head[1:].isdigit() else None


def ends(hop):
    """Where a hop begins and ends."""
    bridge, direction = hop
    return (bridge, CENTRAL) if direction == "up" else (CENTRAL, bridge)


class Model:
    """`unstamped`: the directions that end in MQTT 3.1.1, which has no stamps, so that no receiver
    knows a repeat. `flagless`: those that begin there; live messages have no retain flag. Unless
    `knows_exchanged`, what may come for filters of two configurations may come twice."""

    def __init__(self, configurations, unstamped=(), flagless=(), knows_exchanged=True):
        self._unstamped, self._flagless = unstamped, flagless
        self._knows_exchanged = knows_exchanged
        self.current = {bridge: {one} for bridge, one in configurations.items()}
        self.sent = []
        self.kept = {}        # (place, topic): what was retained there once
        self._lost = set()    # (place, topic): what was retained there the broker has forgotten
        self._calm = True
        self._refused = set()  # (place, prefix of topics, whether nothing is to be read there)
        self._crashed = set()  # bridges, since the world last settled
        self._two = set()     # hops whose source may have a former session, with copies
        self.limited = set()  # bridges whose lanes had a limit, so that they may give messages up

    # What happens.

    def publish(self, place, topic, qos, size, retain=False):
        self.sent.append(Sent(len(self.sent), place, topic, qos, size, retain,
                              {bridge: set(these) for bridge, these in self.current.items()},
                              self._calm, refused=set(self._refused)))
        if retain:
            self.kept[place, topic] = True
            self._lost.discard((place, topic))
        return self.sent[-1]

    def clear(self, place, topic):
        self.kept[place, topic] = True

    def disturbed(self):
        """From here until the world has settled a message of QoS 0 may be lost."""
        self._calm = False
        for sent in self._open():
            sent.calm = False

    def refusing(self, place, prefix, reading=False):
        """A broker refuses bridges what is under a prefix: their publishes, and perhaps reading.
        Over MQTT 3.1.1 it has no word for that: it acknowledges a publish, and throws it away."""
        self._refused.add((place, prefix, reading))
        for sent in self._open():
            sent.refused.add((place, prefix, reading))

    def allows(self, place):
        """It refuses nothing any more."""
        self._refused = {one for one in self._refused if one[0] != place}

    def crashed(self, bridge):
        """It may not know what it has sent last."""
        self._crashed.add(bridge)

    def forgets(self, place, journaled, remembers_nothing):
        """A broker is killed or emptied. What it had to deliver may be gone, unless it was in the
        journal of the bridge. What it had accepted from a bridge may be gone, too; but the bridge
        notices, and sends it again, or has it in its ledger. What it retained it has not cleared:
        copies of it stay, until it is published anew; and a value of before may be there again,
        and then crosses again."""
        if remembers_nothing:
            self._lost |= {(at, topic) for at, topic in self.kept if at == place}
        for bridge in self.current:
            for hop in (bridge, "up"), (bridge, "down"):
                source, target = ends(hop)
                if source == place:
                    self.session_lost(hop, journaled.get(bridge, set()), f"{place} was killed")
                    for sent in self.sent:
                        if sent.retain:
                            sent.repeats.add(hop)
                if target == place and hop[1] in self._unstamped:
                    for sent in self.sent:  # it goes again, and nobody knows it by a stamp
                        sent.repeats.add(hop)
                if target == place:
                    for sent in self.sent:
                        sent.late = sent.late or sent.qos == 0 and not sent.calm

    def session_lost(self, hop, journaled, why):
        """What the source of this hop kept for the bridge is gone, or comes once more. So it is for
        what a broker gets before the bridge has subscribed again: call it again then."""
        for sent in self._open():
            sent.repeats.add(hop)
            if sent.number not in journaled:
                sent.lossy[hop] = why

    def two_sessions(self, hop):
        """The source of this hop may keep a session under another client id, that has copies of
        anything, and that the bridge cannot know."""
        self._two.add(hop)

    def unsent(self, hop, numbers):
        """The bridge says, in its ledger, that it did not send them again to a broker that forgot
        them, since that had them twice or its history does not go back so far."""
        for number in numbers:
            self.sent[number].lossy[hop] = _IN_LEDGER

    def surprised(self, numbers):
        """A quota refused them before the bridge could know that there is one: what was on its way
        behind them may have overtaken them."""
        for number in numbers:
            self.sent[number].overtaken = True

    def stopped(self, place):
        """A broker ends in order: what it had not acknowledged its publisher sends again."""
        for bridge in self.current:
            for hop in (bridge, "up"), (bridge, "down"):
                if ends(hop)[0] == place:
                    for sent in self._open():
                        sent.repeats.add(hop)

    def changing(self, bridge, new):
        """The bridge begins to follow another configuration; until changed() both may hold."""
        self.current[bridge].add(new)
        if "tight" in new.on:
            self.limited.add(bridge)
        for sent in self._open():
            sent.possible[bridge].add(new)
        for sent in self.sent:  # what is retained follows
            if sent.retain:
                sent.later.add((bridge, new))

    def changed(self, bridge, new):
        self.current[bridge] = {new}

    def settled(self):
        """Everything has been mended, and has arrived."""
        for sent in self._open():
            sent.open = False
        self._calm = True
        self._refused = set()
        self._crashed = set()

    def sent_again(self, place, numbers):
        """What a receiver has got since the world last settled, of what had settled before, and
        at a broker that forgets everything when it is killed. A bridge sends what was lost there
        once again, and not each time: of what came more often, sentences."""
        wrong = []
        for sent in (self.sent[number] for number in sorted(numbers)):
            bridges = self.current if sent.place != CENTRAL and place != CENTRAL else (
                {sent.place, place} - {CENTRAL})
            # What is retained follows changes; of what crosses two bridges both may send it again.
            if sent.open or sent.retain or self._crashed.intersection(bridges):
                continue
            sent.again[place] += 1
            if sent.again[place] > (1 if CENTRAL in (sent.place, place) else 2):
                wrong.append(f"{sent} has arrived at {place} again for the "
                             f"{sent.again[place]}. time, long after it had")
        return wrong

    def _open(self):
        return (sent for sent in self.sent if sent.open)

    # What must hold.

    def missing(self, arrivals):
        """What has to arrive and has not, as sentences. `arrivals` has for each place what a
        receiver there has got, without repeats by stamp, as pairs of number and topic."""
        return [finding.text for finding in self._judge(arrivals) if finding.missing_on]

    def lacking(self, arrivals):
        """How many messages each hop lacks."""
        return Counter(finding.missing_on for finding in self._judge(arrivals)
                       if finding.missing_on)

    def wrong(self, arrivals):
        """What must not have arrived so, as sentences."""
        return ([finding.text for finding in self._judge(arrivals) if not finding.missing_on]
                + self._disorder(arrivals))

    def _judge(self, arrivals):
        by_number = defaultdict(lambda: defaultdict(list))
        for place, pairs in arrivals.items():
            for number, topic in pairs:
                by_number[number][place].append(topic)
        for sent in self.sent:
            yield from self._judge_one(sent, by_number[sent.number])

    def _judge_one(self, sent, topics):
        """`topics`: at each place, those under which it has arrived there."""
        allowed, ahead = {(sent.place, sent.topic)}, [(sent.place, sent.topic, False, True)]
        while ahead:
            place, topic, repeated, seen = ahead.pop()
            for hop in self._hops_from(place):
                there = ends(hop)[1]
                targets = self.targets(sent, hop, topic)
                others = self._later_targets(sent, hop, topic) - targets
                allowed |= {(there, target) for target in targets | others if target}
                found = [target for target in topics[there] if target in targets]
                if (seen and not found and None not in targets and self._may_not_lack(sent, hop)
                        and not self._thrown_away(sent, hop, topic, targets)):
                    yield Finding(f"{sent} is missing at {there}", missing_on=hop)
                may_repeat = (repeated or self._may_repeat(sent, hop)
                              or self._exchanged(sent, hop, topic))
                once = set(found) if sent.retain else found[:1]  # what is retained follows
                if len(found) > len(once) and not may_repeat:
                    yield Finding(f"{sent} has arrived {len(found)} times at {there}: {found}")
                ahead += [(there, target, may_repeat, True)
                          for target in {*found, *others.intersection(topics[there])}]
                if not found and not self._may_not_lack(sent, hop):
                    # It may have gone on from there, though the receiver there has not got it.
                    ahead += [(there, target, True, False) for target in targets if target]
        for place, found in topics.items():
            for topic in found:
                if (place, topic) not in allowed:
                    yield Finding(f"{sent} has arrived at {place} under {topic}")

    def _hops_from(self, place):
        if place == CENTRAL:
            return [(bridge, "down") for bridge in self.current]
        return [(place, "up")]

    def targets(self, sent, hop, topic):
        """Where the hop may take it: topics, and None where a configuration does not want it."""
        bridge, direction = hop
        return {None if sent.size > one.payload_max() - 100 else one.target(direction, topic)
                for one in sent.possible[bridge]}

    def _later_targets(self, sent, hop, topic):
        """Where what is retained may follow a change of the configuration."""
        return {one.target(hop[1], topic) for bridge, one in sent.later
                if bridge == hop[0] and sent.size <= one.payload_max() - 100}

    def _may_not_lack(self, sent, hop):
        return hop not in sent.lossy and (sent.qos > 0 or sent.calm)

    def _thrown_away(self, sent, hop, topic, targets):
        """By a broker that refuses it, so that no bridge knows."""
        source, target = ends(hop)
        unread = any(place == source and reading and topic.startswith(prefix)
                     for place, prefix, reading in sent.refused)
        return unread or hop[1] in self._unstamped and any(
            place == target and any(there and there.startswith(prefix) for there in targets)
            for place, prefix, _ in sent.refused)

    def _may_repeat(self, sent, hop):
        """Where it begins in MQTT 3.1.1, a retained message crosses live without the flag, and
        with it when its broker brings it again. What is retained at the source, and is lost at the
        target and not sent again, crosses as a new one: nobody there should be without it."""
        return (hop in sent.repeats or hop in self._two
                or hop[1] in self._unstamped and not sent.calm or sent.retain
                and (hop[1] in self._flagless or sent.lossy.get(hop) == _IN_LEDGER))

    def _exchanged(self, sent, hop, topic):
        """Whether filters of two configurations may have brought it."""
        taken = [one.takes(hop[1], topic) for one in sent.possible[hop[0]]]
        return not self._knows_exchanged and len({one[0].source for one in taken if one}) > 1

    def _disorder(self, arrivals):
        """Of one topic and QoS, in the order of publishing."""
        wrong = []
        for place, pairs in arrivals.items():
            last = {}
            for number, topic in dict.fromkeys(pairs):
                sent = self.sent[number]
                if (sent.place == place or sent.repeats or sent.late or sent.overtaken or self._two
                        or any(len(these) > 1 for these in sent.possible.values())):
                    continue
                key = sent.place, sent.topic, sent.qos, topic
                if last.get(key, -1) > number:
                    wrong.append(f"{sent} has arrived at {place} after m{last[key]}")
                last[key] = max(number, last.get(key, -1))
        return wrong

    def retained_differences(self, values, uncompared=frozenset(), unconfirmed=None):
        """Where the retained state of the two sides differs, as sentences. `values` has for each
        place what is retained there, payloads by topic. Of the hops in `uncompared`, the bridge
        has said that it cannot know. `unconfirmed`: for each hop, what crossed last at QoS 0, in
        base64 by its topic there. That may be lost on the way, and is not asked for again."""
        wrong = []
        for place, topic in sorted(self.kept):
            for hop in self._hops_from(place):
                if hop[1] in self._flagless or hop in uncompared:
                    continue
                (configuration,) = self.current[hop[0]]
                target, there = configuration.target(hop[1], topic), ends(hop)[1]
                here_value = values[place].get(topic)
                there_value = target and values[there].get(target)
                if here_value is None and (place, topic) in self._lost:
                    continue
                crossed = (unconfirmed or {}).get(hop, {}).get(target)
                if crossed == base64.b64encode((here_value or "").encode()).decode():
                    continue
                if target and here_value != there_value:
                    wrong.append(f"retained {topic} is {brief(here_value)} at {place}, and as "
                                 f"{target} {brief(there_value)} at {there}")
        return wrong


def brief(payload):
    return "nothing" if payload is None else payload[:20]


def summary(sentences, most=8):
    """The first few, and how many there are that differ in numbers alone."""
    counts = Counter(re.sub(r"\d+", "#", text) for text in sentences)
    more = [f"{count} like: {text}" for text, count in counts.most_common(most) if count > 1]
    all_of_them = [f"… {len(sentences)} in all", *more]
    return sentences[:most] + (all_of_them if len(sentences) > most else [])
