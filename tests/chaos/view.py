"""What can be seen in a world: what has arrived, what journals and ledgers have, what is retained.
Whoever looks changes nothing.
"""
from model import UNSENT, number_of
from stage import retained_at

LANES = ("default", "sales")


def _numbers(payloads):
    """Of the messages that clients published."""
    return {number for payload in payloads if (number := number_of(payload)) is not None}


class View:
    def __init__(self, cast):
        self._cast = cast
        self.settled()

    def settled(self):
        """What arrives from now on has come after the world had settled."""
        self._settled = {place: len(receiver.all)
                         for place, receiver in self._cast.receivers.items()}

    def arrivals(self):
        """For each place the numbers and topics of what has arrived there, without repeats."""
        return {place: [(number_of(one.payload), one.topic) for one in list(receiver.unique)
                        if number_of(one.payload) is not None and (one.stamp or not one.retain)]
                for place, receiver in self._cast.receivers.items()}

    def since_settled(self):
        """The numbers of what has arrived since, repeats as well, at each place whose broker keeps
        nothing over a kill."""
        return {place: _numbers(one.payload for one in receiver.all[self._settled[place]:])
                for place, receiver in self._cast.receivers.items()
                if self._cast.forgets_everything(place)}

    def unacknowledged(self):
        """The places whose broker has not taken all that was published there."""
        return [place for place, source in self._cast.sources.items() if not source.quiet()]

    def unsent(self, site, direction):
        """Of what the ledger of the bridge says that a broker forgot, and was not sent again: the
        numbers, and how many more there were that its history does not have."""
        bridge, numbers, gone = self._cast.bridges[site], set(), 0
        for row in bridge.losses():
            if row["direction"] == direction and row["reason"] in UNSENT:
                payloads = list(bridge.journaled(direction, row["lane"], row["first"], row["last"]))
                numbers |= _numbers(payloads)
                gone += max(0, row["count"] - len(payloads))
        return numbers, gone

    def journaled(self, site):
        """The numbers of the messages in a bridge's journal."""
        return _numbers(payload for direction in ("up", "down") for lane in LANES
                        for payload in self._cast.bridges[site].journaled(direction, lane))

    def unconfirmed(self, site, direction):
        """The topics whose newest message crossed at QoS 0, so that it may have been lost, and its
        payload in base64."""
        newest = {one["topic"]: one for lane in LANES
                  for one in self._cast.bridges[site].messages(direction, lane)}
        return {topic: one["payload_base64"] for topic, one in newest.items() if one["qos"] == 0}

    def retained(self, place):
        """What is retained at a broker, by topic."""
        return retained_at(self._cast.brokers[place])
