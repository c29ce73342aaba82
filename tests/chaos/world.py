"""The world of an episode: brokers, bridges, lines and clients, and what an action does to them. It
tells the model of everything that it does. An action may come in any order, twice, or without what
usually goes before it, so that a plan can be shortened anywhere.
"""
import time
from collections import Counter

from cast import Cast
from configuration import UNHEARD
from kinds import CHECKS_OFF
from model import CENTRAL, Model
from scripted import ScriptedBroker
from stage import PUBACK, wait_until
from view import View


class World:
    def __init__(self, setting):
        self.cast = Cast(setting)
        self.sites, self.places = self.cast.sites, self.cast.places
        self.brokers, self.receivers = self.cast.brokers, self.cast.receivers
        self.sources, self.lines = self.cast.sources, self.cast.lines
        self.bridges, self.configurations = self.cast.bridges, self.cast.configurations
        self.cut_lines = set()   # by an action, and not mended
        self.full_disks = set()  # of bridges
        self._broken = set()     # lines on whose connections bytes have vanished
        self._copied = set()     # brokers
        self._denied = {}        # by place: what its access list refuses
        self.frozen = set()      # brokers and bridges
        self._unheard = set()    # bridges whose subscription was refused
        # Bridges whose session a broker may have lost: client ids by place, and how often each had
        # connected there by then. Status may say for a moment that the old connection is up.
        self._blind = {}
        # Hops whose client id at their source has changed: how often by then the bridge had said
        # that a former session was over; None: it has said so since, or all has settled.
        self._moving = {}
        self._pending = set()    # bridges that may not have taken up their configuration
        self.refusing = False    # a broker refuses, or has since the world last settled
        self.closures = Counter()  # of lines: how often a connection may have ended there

    def begin(self):
        self.cast.enter()
        self.view = View(self.cast)
        old = [end for end in ("site", CENTRAL) if self.cast.protocol(end) == 4]
        self.model = Model(self.configurations,
                           unstamped=[{"site": "down", CENTRAL: "up"}[end] for end in old],
                           flagless=[{"site": "up", CENTRAL: "down"}[end] for end in old],
                           knows_exchanged="exchanged" not in CHECKS_OFF)
        for bridge in self.bridges.values():
            bridge.wait_up(deadline_s=60)
        wait_until(lambda: all(self._heard(site) for site in self.sites), "all to subscribe", 60)

    def do(self, action):
        self.observe()
        getattr(self, "_" + action.kind.replace("-", "_"))(**action.what)

    # What can be seen.

    def _journaled(self, site):
        return set() if f"bridge {site}" in self.frozen else self.view.journaled(site)

    def settled(self):
        """All is well, and no broker has a state of before if it is killed."""
        for place in self.places:
            if not self.cast.forgets_everything(place):
                self.brokers[place].wait_saved()
        self.model.settled()
        self._moving = dict.fromkeys(self._moving)
        self.refusing = False
        self.view.settled()

    def answers(self, name):
        """Whether a broker or a bridge runs and is not frozen."""
        process = self.brokers.get(name) or self.bridges[name.removeprefix("bridge ")]
        return process.running and name not in self.frozen

    def hampered(self):
        """Whether something stands between a bridge and a broker, beside what these refuse."""
        return bool(self.cut_lines or self._broken or self.frozen or
                    any(line.hampered for line in self.lines.values()) or
                    not all(one.running for one in [*self.brokers.values(),
                                                    *self.bridges.values()]) or
                    not all(receiver.here for receiver in self.receivers.values()))

    def up(self, site):
        """Both links of a bridge are, so that it has subscribed."""
        status = self.answers(f"bridge {site}") and self.bridges[site].status()
        return bool(status) and all(link["state"] in ("up", "slow")
                                    for link in status["links"].values())

    def observe(self):
        """A bridge that is up has subscribed, and follows its configuration."""
        self._unheard &= {site for site in self._unheard if self.brokers[CENTRAL].filters
                          or not self.brokers[CENTRAL].hears(*self._orders(site))}
        for site in sorted(self._blind.keys() | self._pending - self._unheard):
            if self._not_yet_back(site) or not self.up(site):
                continue
            if site in self._blind:
                for direction in "up", "down":
                    self.model.session_lost((site, direction), set(), "it came before the bridge "
                                            "had subscribed again")
            self._blind.pop(site, None)
            if site in self._pending - self._unheard:
                self.model.changed(site, self.configurations[site])
                self._pending.discard(site)

    def unready(self):
        """The bridges that may not have subscribed, or not taken up their configuration."""
        self.observe()
        deaf = {site for site in self.sites if not self._heard(site)}
        return sorted(self._blind.keys() | (self._pending | deaf) - self._unheard)

    def _heard(self, site):
        """Whether its orders would come; of the scripted broker it can be known."""
        central = self.brokers[CENTRAL]
        return not isinstance(central, ScriptedBroker) or central.hears(*self._orders(site))

    def _client_id(self, site, place):
        return self.configurations[site].client_id("site" if place == site else CENTRAL)

    def _not_yet_back(self, site):
        return any(self.brokers[place].visits(client) <= visits
                   for place, (client, visits) in self._blind.get(site, {}).items()
                   if client == self._client_id(site, place))

    # What clients do.

    def _publish(self, at, topic, qos, count, size, properties=0):
        more = {"user": [("colour", "red"), ("colour", "blue")], "content_type": b"text",
                "response_topic": b"answers", "correlation": b"\0\1"} if properties else {}
        for _ in range(count):
            sent = self.model.publish(at, topic, qos, size)
            self.sources[at].publish(topic, sent.payload, qos, **more)

    def _retain(self, at, topic, qos):
        sent = self.model.publish(at, topic, qos, 10, retain=True)
        self.sources[at].publish(topic, sent.payload, qos, retain=True)

    def _clear(self, at, topic, qos):
        self.model.clear(at, topic)
        self.sources[at].publish(topic, "", qos, retain=True)

    def _answer(self, at, to, count):
        """Answers the newest messages that have a stamp, with all their user properties."""
        asked = [one for one in list(self.receivers[at].unique) if one.stamp][-count:]
        for one in asked:
            sent = self.model.publish(at, to, 1, 10)
            self.sources[at].publish(to, sent.payload, user=list(one.properties.UserProperty))

    def _leave(self, at):
        if self.answers(at):
            self.model.disturbed()  # nobody keeps QoS 0 for it
            self.receivers[at].leave()

    def _back(self, at):
        if self.answers(at) and not self.receivers[at].here:
            self.receivers[at].back()

    def _taken(self, at):
        """Until a broker has all that was published there, unless it is away."""
        if self.answers(at):
            wait_until(self.sources[at].quiet, f"{at} to take everything", deadline_s=60)

    def _pause(self, s):
        time.sleep(s)

    def _settle(self):
        """Settling is the episode's: it may fail."""

    # What lines do.

    def _place_of(self, line):
        site, _, end = line.partition("-")
        return site, site if end == "site" else CENTRAL

    def _cut(self, line):
        self.model.disturbed()
        self.closures[line] += 1
        self.lines[line].cut()
        self.cut_lines.add(line)

    def _hang_up(self, line):
        self.model.disturbed()
        self.closures[line] += 1
        self.lines[line].hang_up()

    def _black_hole(self, line):
        self.model.disturbed()
        self.closures[line] += 1
        self.lines[line].swallow()
        self._broken.add(line)

    def _slow(self, line, s):
        self.model.disturbed()
        self.lines[line].delay_s = s

    def _eat(self, line, sender):
        """Acknowledgements vanish."""
        self.model.disturbed()
        self.lines[line].eat(sender, PUBACK, count=1 << 30)
        self._broken.add(line)

    def _turn_away(self, line):
        self.model.disturbed()
        self.closures[line] += 1
        self.lines[line].turn_away()

    def _mend(self, line):
        """Unless its broker is away: then it opens when the broker is back."""
        _, place = self._place_of(line)
        self.lines[line].delay_s = 0
        if line in self._broken:  # bytes are missing on its connections
            self._broken.discard(line)
            self.closures[line] += 1
            for sender in "bridge", "broker":
                self.lines[line].eat(sender, PUBACK, count=0)
            self.lines[line].hang_up()
        self.cut_lines.discard(line)
        if self.brokers[place].running:
            self.lines[line].restore()

    # What bridges do.

    def _kill(self, bridge):
        self.model.disturbed()
        self._thaw(bridge)
        self._interrupt_move(bridge)
        self.model.crashed(bridge)
        self.bridges[bridge].kill()

    def _terminate(self, bridge):
        self.model.disturbed()
        self._thaw(bridge)
        self._interrupt_move(bridge)
        if self.bridges[bridge].running:
            self.bridges[bridge].terminate(deadline_s=60)

    def _start(self, bridge):
        if not self.bridges[bridge].running:
            if isinstance(self.brokers[CENTRAL], ScriptedBroker):
                self.brokers[CENTRAL].surprises.begins_anew(self._client_id(bridge, CENTRAL))
            self.bridges[bridge].start(up=False)

    def _restart(self, bridge):
        self._terminate(bridge)
        self._start(bridge)

    def _freeze(self, bridge):
        if self.bridges[bridge].running:
            self.model.disturbed()
            self.closures.update(line for line in self.lines if line.startswith(bridge + "-"))
            self.bridges[bridge].freeze()
            self.frozen.add(f"bridge {bridge}")

    def _thaw(self, bridge):
        if f"bridge {bridge}" in self.frozen:
            self.bridges[bridge].thaw()
            self.frozen.discard(f"bridge {bridge}")

    def _configure(self, bridge, switch, on):
        """A bridge reads its file when it starts."""
        new = self.configurations[bridge].switched(switch, bool(on))
        if new == self.configurations[bridge]:
            return
        self.model.disturbed()
        ran = self.bridges[bridge].running
        self._terminate(bridge)
        self.model.changing(bridge, new)
        self._pending.add(bridge)
        self.cast.write(bridge, new)
        if switch in ("site-id", "central-id"):
            self._move(bridge, switch)
        if ran:
            self._start(bridge)

    def _move(self, bridge, switch):
        """The bridge fetches what waits in its former session, while the new one gets the same; it
        needs to hear itself for that."""
        hop, place = {"site-id": ((bridge, "up"), bridge),
                      "central-id": ((bridge, "down"), CENTRAL)}[switch]
        self._moving[hop] = self._moves(hop)
        if getattr(self.brokers[place], "trait", "").endswith("-own"):
            self.model.two_sessions(hop)

    def _moves(self, hop):
        link = "site" if hop[1] == "up" else CENTRAL
        return self.bridges[hop[0]].log().count(f"link {link}: all that the session of ")

    def _interrupt_move(self, bridge):
        """What came to both sessions is not known at the next start."""
        for hop in [one for one, begun in self._moving.items()
                    if one[0] == bridge and begun is not None]:
            if self._moves(hop) > self._moving[hop]:
                self._moving[hop] = None
            else:
                self.model.two_sessions(hop)

    def _fill(self, bridge):
        """Leaves less than the bridge wants to have free; what there is is not touched."""
        if self.cast.small_disk:
            self.model.disturbed()
            self.cast.disks[bridge].fill(leave_mib=1)
            self.full_disks.add(bridge)

    def _free(self, bridge):
        self.cast.disks[bridge].free()
        self.full_disks.discard(bridge)

    # What brokers do.

    def _freeze_broker(self, at):
        if self.answers(at):
            self.model.disturbed()
            self.closures.update(self._lines_to(at))
            self.brokers[at].freeze()
            self.frozen.add(at)

    def _thaw_broker(self, at):
        if at in self.frozen:
            self.brokers[at].thaw()
            self.frozen.discard(at)

    def _refuse(self, at, topic):
        self.model.disturbed()
        self.refusing = True
        scripted = isinstance(self.brokers[at], ScriptedBroker)
        self.model.refusing(at, topic, reading=not scripted)
        if scripted:
            self.brokers[at].refused[topic] = 0x87
        else:
            self._denied[at] = topic
            for line in self._lines_to(at):  # mosquitto 2.0.11 may close over each denied publish
                self.closures[line] += 10
            self._reloads(at, lambda: self.brokers[at].deny(f"{topic}/#"))

    def _quota(self):
        if isinstance(self.brokers[CENTRAL], ScriptedBroker):
            self._script(rate=(3, 0.5))
            self.model.refusing(CENTRAL, "")

    def _close_over(self, topic):
        self._script(closes_over=topic)

    def _refuse_filter(self, bridge, code):
        """Orders do not come from now on, until the bridge has asked for them again."""
        if isinstance(self.brokers[CENTRAL], ScriptedBroker):
            self._script(filters={f"stores/{bridge}/orders": code})
            self.brokers[CENTRAL].unsubscribe(*self._orders(bridge))
            self.model.changing(bridge, self.configurations[bridge].switched(UNHEARD, True))
            self._unheard.add(bridge)
            self._pending.add(bridge)

    def _orders(self, bridge):
        return self.configurations[bridge].client_id(CENTRAL), f"stores/{bridge}/orders/1"

    def unheard(self):
        """The bridges that have not subscribed to their orders again, where they may."""
        return [site for site in sorted(self._unheard)
                if not self.brokers[CENTRAL].hears(*self._orders(site))]

    def _others_cross(self):
        """That others cross is the episode's: it may fail."""

    def _script(self, **faults):
        if isinstance(self.brokers[CENTRAL], ScriptedBroker):
            self.model.disturbed()
            self.refusing = True
            self.brokers[CENTRAL].__dict__.update(faults)

    def _allow(self, at):
        if isinstance(self.brokers[at], ScriptedBroker):
            self.brokers[at].well()
        elif self._denied.pop(at, None):
            self._reloads(at, self.brokers[at].allow)
        if self.answers(at):
            self.model.allows(at)

    def _reloads(self, at, change):
        """A broker that answers has taken up a changed access list when this returns."""
        count = lambda: self.brokers[at].log().count("Reloading config")
        before = count()
        change()
        if self.answers(at):
            wait_until(lambda: count() > before, f"{at} to read its access list", 60)

    def refuses(self, topic):
        """Whether a broker does so now, when a bridge publishes there."""
        prefixes = [*self._denied.values()]
        if isinstance(self.brokers[CENTRAL], ScriptedBroker):
            prefixes += self.brokers[CENTRAL].refuses()
        return topic.startswith(tuple(prefixes))

    def _lines_to(self, place):
        return [line for line in self.lines if self._place_of(line)[1] == place]

    def _stop_broker(self, at):
        if at in self.cast.forgetful and not isinstance(self.brokers[at], ScriptedBroker):
            return self._kill_broker(at)
        self.model.disturbed()
        self._thaw_broker(at)
        if self.brokers[at].running:
            self.model.stopped(at)
            self.brokers[at].terminate(deadline_s=60)
            self._close_lines_to(at)

    def _kill_broker(self, at, how="kill"):
        self.model.disturbed()
        self._thaw_broker(at)
        if not self.brokers[at].running:
            return
        journaled = {site: self._journaled(site) for site in self.sites
                     if at in (site, CENTRAL)}
        getattr(self.brokers[at], how)()
        self.model.forgets(at, journaled, how == "empty" or self.cast.forgets_everything(at))
        for hop in self._moving:  # a former session may be there again
            if at == (CENTRAL if hop[1] == "down" else hop[0]):
                self.model.two_sessions(hop)
        for site in journaled:
            client = self._client_id(site, at)
            self._blind.setdefault(site, {})[at] = client, self.brokers[at].visits(client)
        self._close_lines_to(at)

    def _copy(self, at):
        if not isinstance(self.brokers[at], ScriptedBroker):
            self.brokers[at].copy_store()
            self._copied.add(at)

    def _put_back(self, at):
        return self._kill_broker(at, how="put_back" if at in self._copied else "empty")

    def _empty_broker(self, at):
        self._kill_broker(at, how="empty")

    def _close_lines_to(self, at):
        for line in self._lines_to(at):
            self.closures[line] += 1
            self.lines[line].cut()

    def _start_broker(self, at):
        """The receiver is back before any bridge can be: what a broker accepts for nobody is not
        the bridge's loss."""
        if self.brokers[at].running:
            return
        self.brokers[at].start()
        if not self.receivers[at].here:
            self.receivers[at].back()
        self.receivers[at].wait_back(deadline_s=60)
        for line in self._lines_to(at):
            if line not in self.cut_lines:
                self.lines[line].restore()
