"""Everything is mended, and then all must be well within a stated time: the world settles, or this
says what does not hold.
"""
import time

from kinds import CHECKS_OFF
from model import CENTRAL, UNSENT, summary
from scripted import ScriptedBroker
from stage.bascule import books

# A machine may be slow and busy; none of these times passes unless something is wrong.
STUCK_S = 300      # the longest that a bridge may take once everything is well
STILL_S = 60       # nothing has moved for so long: what has not come by then does not come
# The same after a refusal: what was refused is tried again at intervals that grow to a minute.
REFUSED_S = 90
LATE_S = 0.3       # for a repeat that comes late
SEEN_S = 60        # the longest until status says that a line is cut, or a disk full
ADVISED_AFTER = 3  # connections that end with nothing under way are like those of a second client
PROBES = [("a", "pos/1/probe"), ("a", "pos/2/probe"), ("a", "menu/probe"),
          ("b", "pos/1/probe"), ("b", "pos/2/probe"),
          ("central", "stores/a/orders/probe"), ("central", "stores/b/orders/probe"),
          ("central", "catalogue/probe")]
# Those whose targets a plan may have refused.
MAY_BE_REFUSED = [("a", "pos/1/probe"), ("b", "pos/1/probe")]
# What no configuration wants.
DECOYS = [(place, "decoy/1") for place in ("a", "b", "central")] + [
    ("a", "menu/decoy/1"), ("central", "stores/nobody/sales/decoy"),
    ("central", "stores/nobody/orders/decoy"), ("central", "stores/a/decoy")]


class Failure(Exception):
    """What did not hold, as sentences."""

    def __init__(self, sentences):
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def settle(world, still_s=STILL_S):
    """Raises Failure with all that does not hold."""
    _check_status(world)
    _mend(world)
    _wait(world, lambda: [f"bridge {site} is not up: {_links(world, site)}"
                          for site in world.sites if not world.up(site)] + _not_back(world),
          still_s)
    _wait(world, lambda: [f"bridge {site} has not subscribed to its orders again"
                          for site in world.unheard()], still_s)
    world.observe()
    _publish(world, PROBES)
    _wait(world, lambda: _unsettled(world), still_s)
    unrouted = _unrouted(world)
    _publish(world, DECOYS + PROBES)
    _wait(world, lambda: _unsettled(world), still_s)
    time.sleep(LATE_S)
    wrong = _wrong_arrivals(world)
    wrong += _wrong_protocols(world) + _wrong_advice(world)
    wrong += _taken_in_vain(unrouted, _unrouted(world))
    wrong += _untrue_losses(world) + _sent_again(world)
    wrong += [f"{place} has refused a client: {source.refused}"
              for place, source in world.sources.items() if source.refused]
    if wrong:
        raise Failure(summary(wrong))
    world.settled()


def others_cross(world, still_s=STILL_S):
    """While a broker refuses something, what it does not refuse crosses."""
    if world.hampered() or world.full_disks:
        return
    _wait(world, lambda: _not_back(world), still_s)  # it has subscribed to what it is asked for
    first = len(world.model.sent)
    _publish(world, [probe for probe in PROBES if probe not in MAY_BE_REFUSED])
    _wait(world, lambda: [text for text in world.model.missing(world.view.arrivals())
                          if int(text[1:text.index(" ")]) >= first], still_s)
    _wait(world, lambda: _waiting_in_vain(world), still_s)


def _not_back(world):
    return [f"bridge {site} has not connected again" for site in world.unready()]


def _waiting_in_vain(world):
    """What waits while a topic is refused is held, and status says so, for that topic alone."""
    wrong = []
    for site in world.sites:
        status = world.bridges[site].status()
        if status is None:
            wrong.append(f"bridge {site} gives no status")
            continue
        wrong += [f"{site}: {lane['backlog']} wait in lane {lane['name']} {lane['direction']}, and "
                  f"{lane['held']} are held" for lane in status["lanes"]
                  if lane["backlog"] != lane["held"]]
        wrong += [f"{site} holds {one['topic']} over {one['reason']}, and nobody refuses it"
                  for one in status["held"]["by_topic"] if not world.refuses(one["topic"])]
    return wrong


def _check_status(world):
    """Status says what is so."""
    end = time.monotonic() + SEEN_S
    while wrong := _untold(world):
        if time.monotonic() > end:
            raise Failure(wrong)
        time.sleep(0.3)


def _untold(world):
    """What is so, and status does not say."""
    wrong = []
    for site in world.sites:
        status = world.answers(f"bridge {site}") and world.bridges[site].status()
        if not status:
            continue
        wrong += [f"status of {site} says that its link {end} is up, and the line is cut"
                  for end, link in status["links"].items()
                  if f"{site}-{end}" in world.cut_lines and link["state"] in ("up", "slow")]
        full = site in world.full_disks and not world.hampered()
        if full and not status["journal"]["full"]:
            wrong.append(f"status of {site} does not say that its disk is full")
    return wrong


def _publish(world, messages):
    for place, topic in messages:
        if place in world.places:
            world._publish(place, topic, 1, 1, 10)


def _unrouted(world):
    return {(site, direction): count["unrouted"] for site in world.sites
            for direction, count in world.bridges[site].status()["counters"].items()}


def _taken_in_vain(before, after):
    """What no route wants stays where it is, and does not come over the line."""
    if "subscriptions" in CHECKS_OFF:
        return []
    return [f"{site} has taken {after[site, direction] - count} messages {direction} that no route "
            "wants" for (site, direction), count in before.items()
            if after[site, direction] != count]


def _wrong_advice(world):
    """No two clients here have one client id. But who knows, where lines fail again and again?"""
    if "advice" in CHECKS_OFF:
        return []
    return [f"the log of {site} asks whether another client uses its client id"
            for site in world.sites for end in ("site", CENTRAL)
            if world.closures[f"{site}-{end}"] < ADVISED_AFTER
            and f"does another client use client id bridge-{site}-{end}"
            in world.bridges[site].log()]


def _wrong_protocols(world):
    """No broker here has refused a version."""
    if "protocol" in CHECKS_OFF:
        return []
    return [f"{site} speaks MQTT {link['protocol']} with {end}, and could speak {wanted}"
            for site in world.sites
            for end, link in world.bridges[site].status()["links"].items()
            if link["protocol"] != (wanted := world.cast.protocol(end))]


def _mend(world):
    for place in world.places:
        world._allow(place)
        world._thaw_broker(place)
        world._start_broker(place)
        world._back(place)
        world.receivers[place].wait_back(deadline_s=60)
    for line in world.lines:
        world._mend(line)
    for site in world.sites:
        world._free(site)
        world._thaw(site)
        world._start(site)


def _wait(world, wrong, still_s):
    """Until wrong() has nothing to say. Gives up when nothing has moved for a while."""
    still_s = max(still_s, REFUSED_S) if world.refusing else still_s
    begin = moved = time.monotonic()
    before = None
    while sentences := wrong():
        now = time.monotonic()
        state = [len(receiver.all) for receiver in world.receivers.values()], sentences
        if state != before:
            before, moved = state, now
        if now > begin + STUCK_S or now > moved + still_s:
            raise Failure(summary(sentences))
        time.sleep(0.1)


def _unsettled(world):
    """The cheap questions first; the others only when these are answered."""
    late = [f"the source at {place} is not acknowledged" for place in world.view.unacknowledged()]
    late += _unexplained(world)
    if late:
        return late
    uncompared = set()
    for site in world.sites:
        status = world.bridges[site].status()
        if status is None:
            late.append(f"bridge {site} gives no status")
            continue
        uncompared |= _uncompared(world, site, status)
        late += [f"{site}: {text}" for text in books(status)]
        if status["journal"]["full"]:
            late.append(f"status of {site} says that its disk is full, and there is room")
        late += [f"{site}: {_waiting(world, lane)} wait in lane {lane['name']} "
                 f"{lane['direction']}"
                 for lane in status["lanes"] if _waiting(world, lane)]
    if late:
        return late
    values = {place: world.view.retained(place) for place in world.places}
    if not world.model.retained_differences(values, uncompared):
        return []
    return world.model.retained_differences(values, uncompared, {
        (site, direction): world.view.unconfirmed(site, direction)
        for site in world.sites for direction in ("up", "down")})


def _uncompared(world, site, status):
    """The hops from and to a broker that never takes the bridge's own topics, where status says
    so: what it retains cannot be compared, and what it loses goes unnoticed."""
    return {(site, direction) for end, place in (("site", site), ("central", CENTRAL))
            if getattr(world.brokers[place], "trait", "").endswith("-own")
            and status["links"][end]["retained"]["state"] == "failed"
            for direction in ("up", "down")}


def _waiting(world, lane):
    """A broker that never takes the bridge's own topics leaves its events held."""
    own = lane["name"] == "events" and any(
        getattr(broker, "trait", "").endswith("-own") for broker in world.brokers.values())
    return lane["backlog"] - (lane["held"] if own else 0)


def _unexplained(world):
    """What is missing, unless the ledger of the bridge has as many that a limit took."""
    arrivals = world.view.arrivals()
    if not world.model.missing(arrivals):
        return []
    gone = _unsent(world)
    missing = world.model.missing(arrivals)
    if not missing:
        return []
    ledgers = {site: world.bridges[site].losses() for site in world.model.limited}
    lacking = world.model.lacking(arrivals)
    told = {hop: gone[hop] + sum(row["count"] for row in ledgers.get(hop[0], ())
                                 if row["direction"] == hop[1] and row["reason"] not in UNSENT)
            for hop in lacking}
    return [] if all(told[hop] >= count for hop, count in lacking.items()) else missing


def _unsent(world):
    """The model hears of what a broker forgot, and was not sent again. How many more there were
    that no history has, by hop."""
    gone = {}
    for hop in ((site, direction) for site in world.sites for direction in ("up", "down")):
        numbers, gone[hop] = world.view.unsent(*hop)
        world.model.unsent(hop, numbers)
    return gone


def _wrong_arrivals(world):
    """What is in the ledger may have come twice, if it is retained."""
    if isinstance(world.brokers[CENTRAL], ScriptedBroker):
        world.model.surprised(world.brokers[CENTRAL].surprises.numbers)
    if world.model.wrong(world.view.arrivals()):
        _unsent(world)
    return world.model.wrong(world.view.arrivals())


def _sent_again(world):
    return [sentence for place, numbers in world.view.since_settled().items()
            for sentence in world.model.sent_again(place, numbers)]


def _untrue_losses(world):
    wrong = []
    for site in world.sites:
        rows = world.bridges[site].losses()
        limits = [row for row in rows if row["reason"] not in UNSENT]
        if limits and site not in world.model.limited:
            wrong.append(f"the ledger of {site} tells of losses by a limit that it has not: "
                         f"{limits}")
        links = world.bridges[site].status()["links"]
        for row in rows:
            link = links["central" if row["direction"] == "up" else "site"]
            if row["reason"] in UNSENT and link["forgot"] is None:
                wrong.append(f"the ledger of {site} has what a broker forgot that forgot nothing: "
                             f"{row}")
    return wrong


def _links(world, site):
    status = world.bridges[site].status() if world.bridges[site].running else None
    if status is None:
        return "no status" if world.bridges[site].running else "it has ended"
    return {name: (link["state"], link["last_error"]) for name, link in status["links"].items()}
