"""Everything is mended, and then all must be well within a stated time: the world settles, or this
says what does not hold.
"""
import time

from kinds import CHECKS_OFF
from model import summary
from stage.bascule import books

STUCK_S = 60       # the longest that a bridge may take once everything is well
STILL_S = 20       # nothing has moved for so long: what has not come by then does not come
LATE_S = 0.3       # for a repeat that comes late
CUT_SEEN_S = 20    # the longest until status says that a line is cut
PROBES = [("a", "pos/1/probe"), ("a", "pos/2/probe"), ("a", "menu/probe"),
          ("b", "pos/1/probe"), ("b", "pos/2/probe"),
          ("central", "stores/a/orders/probe"), ("central", "stores/b/orders/probe"),
          ("central", "catalogue/probe")]


class Failure(Exception):
    """What did not hold, as sentences."""

    def __init__(self, sentences):
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def settle(world, still_s=STILL_S):
    """Raises Failure with all that does not hold."""
    _check_cut_lines(world)
    _mend(world)
    _wait(world, lambda: [f"bridge {site} is not up: {_links(world, site)}"
                          for site in world.sites if not world.up(site)], still_s)
    world.observe()
    for place, topic in PROBES:
        if place in world.places:
            world._publish(place, topic, 1, 1, 10)
    _wait(world, lambda: _unsettled(world), still_s)
    time.sleep(LATE_S)
    wrong = world.model.wrong(world.arrivals()) + _wrong_protocols(world)
    if wrong:
        raise Failure(summary(wrong))
    world.model.settled()


def _check_cut_lines(world):
    """Status says what is so: a link over a line that is cut is not up."""
    def claimed():
        return [f"status of {site} says that its link {end} is up, and the line is cut"
                for site, _, end in (line.partition("-") for line in sorted(world.cut_lines))
                if world.answers(f"bridge {site}")
                and (world.bridges[site].status() or {"links": {end: {"state": ""}}})
                ["links"][end]["state"] in ("up", "slow")]
    end = time.monotonic() + CUT_SEEN_S
    while wrong := claimed():
        if time.monotonic() > end:
            raise Failure(wrong)
        time.sleep(0.1)


def _wrong_protocols(world):
    """No broker here has refused a version."""
    if "protocol" in CHECKS_OFF:
        return []
    return [f"{site} speaks MQTT {link['protocol']} with {end}, and could speak {wanted}"
            for site in world.sites
            for end, link in world.bridges[site].status()["links"].items()
            if link["protocol"] != (wanted := world.protocol(end))]


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
    late = [f"publisher at {place} is not acknowledged" for place in world.unacknowledged()]
    late += world.model.missing(world.arrivals())
    if late:
        return late
    for site in world.sites:
        status = world.bridges[site].status()
        if status is None:
            late.append(f"bridge {site} gives no status")
            continue
        late += [f"{site}: {text}" for text in books(status)]
        late += [f"{site}: {lane['backlog']} wait in lane {lane['name']} {lane['direction']}"
                 for lane in status["lanes"] if lane["backlog"]]
    if late:
        return late
    return world.model.retained_differences({place: world.retained(place)
                                             for place in world.places})


def _links(world, site):
    status = world.bridges[site].status() if world.bridges[site].running else None
    if status is None:
        return "no status" if world.bridges[site].running else "it has ended"
    return {name: (link["state"], link["last_error"]) for name, link in status["links"].items()}
