"""A world of `oversell`: sites and an authority, each a built plugin with a journal of its own,
lines between them that are slow, cut and mended. Requirements: R20 to R22 (the ladder: R21 for what
was left), R23 (facts), R24 and R25 (what was sold twice, each with one verdict).

The model watches what each of them is told, and says what it has to answer. At the end all lines
are mended, and the books have to agree.
"""
import heapq
import json

from difference import Difference
from host import DOWN, UP, Box, Failed
from oversell_line import Line
from oversell_model import ANSWER_MS, Hub, Site, allot
from steps import take_steps

T0 = 1_790_000_000_000
ITEM = "show"
CLOCK_STEP_MS = 100  # by less than this no clock is taken to be set


class World:
    def __init__(self, case, plugin):
        self.case = case
        options = case["options"]
        self.quota = options.get("quota", "off")
        self.now, self.order, self.queue = T0, 0, []
        item = {"capacity": options["capacity"], "overbooking": options.get("overbooking", 0)}
        self.weights = options.get("weights", {})
        if self.quota != "off":
            item.update(quota=self.quota, weights=self.weights,
                        reserve_bp=options.get("reserve_bp", 2500))
        hold = options.get("hold_s", 30)
        self.hub = Box(plugin, "hub", {"role": "authority", "heartbeat": "10m",
                                       "hold_window": f"{hold}s", "items": {ITEM: item}})
        self.boxes = {"hub": self.hub}
        self.books = Hub(options["capacity"], options.get("overbooking", 0), hold * 1000)
        self.sites, self.lines, self.lane = {}, {}, {}
        for name in options["sites"]:
            self.boxes[name] = Box(plugin, name, {"role": "site", **options.get("site", {})},
                                   f"e{ord(name[-1]):015x}")
            self.sites[name] = Site(options.get("site", {}))
            self.lines[name] = Line()
        self.shown = {}       # site: the retained availability
        self.verdicts = {}    # (site, epoch, n): outcomes told to the site, in order
        self.sales = {}       # (site, epoch, n): quantity that a device was told is sold
        self.facts = 0
        self.snapshot = None  # the retained one
        self.copies, self.restored = {}, set()
        self.reserve, self.shares = allot(options["capacity"], item.get("reserve_bp", 0),
                                          self.weights)

    def close(self):
        for box in self.boxes.values():
            box.close()

    def fail(self, kind, text):
        raise Difference(kind, f"at {self.now - T0} ms: {text}")

    # What moves.
    def post(self, way, site, message):
        line = self.lines[site]
        if not line.up:
            if not message.topic.endswith("/alive"):
                line.waiting.append((way, message))
            return
        self.order += 1
        heapq.heappush(self.queue, (line.arrival(way, self.now), self.order, way, site, message))

    def advance(self, until):
        """Messages and wakes, in the order of their times."""
        while True:
            due = [(self.queue[0][0], 0, "")] if self.queue else []
            due += [(wake[0], 1, name) for name, box in self.boxes.items()
                    if (wake := box.next_wake())]
            if not due or min(due)[0] > until:
                break
            at, kind, name = min(due)
            self.now = max(self.now, at)
            if kind == 0:
                self.arrive(*heapq.heappop(self.queue)[2:])
            else:
                self.wake(name)
        self.now = until

    def arrive(self, way, site, message):
        self.lane[way, site] = self.lane.get((way, site), 0) + 1
        if way == UP:
            stamp = (site, self.boxes[site].epoch, "default", self.lane[way, site])
            self.at_hub(self.hub.deliver(self.now, UP, message.topic, message.payload, stamp),
                        message.json())
        else:
            stamp = ("hub", self.hub.epoch, "default", self.lane[way, site])
            sent = self.boxes[site].deliver(self.now, DOWN, message.topic, message.payload, stamp,
                                            retain=int(message.retain))
            self.at_site(site, sent, heard=message)

    def wake(self, name):
        box = self.boxes[name]
        wake = box.next_wake()
        sent = box.wake(self.now)
        if name == "hub":
            self.after_hub_wake(wake[1], sent)
        else:
            self.at_site(name, sent, wake=wake[1])

    # The authority.
    def at_hub(self, sent, op):
        if self.quota != "off" or op["kind"] == "rights" or "hub" in self.restored:
            return self.spread(sent, None)
        return self.spread(sent, self.books.take(op, self.now))

    def after_hub_wake(self, name, sent):
        if "hub" in self.restored:
            return self.spread(sent, None)
        if name.startswith("walk/"):
            self.spread(sent, self.books.walk() if self.quota == "off" else None)
        else:
            self.spread(sent, [] if self.quota == "off" else None)

    def spread(self, sent, expected):
        """Sends what the authority said, and holds it against the model."""
        told = []
        for message in sent:
            if message.topic.startswith("oversell/inbox/"):
                notice = message.json()
                if notice["kind"] == "rights":
                    self.compare_rights(notice)
                elif notice["outcome"] != "WITHDRAWN":
                    told.append((notice["site"], notice["n"], notice["outcome"]))
                self.post(DOWN, notice["site"], message)
            elif message.topic.startswith("oversell/item/"):
                self.snapshot = message
                for site in self.sites:
                    self.post(DOWN, site, message)
            elif message.topic == "oversell/alive":
                for site in self.sites:
                    self.post(DOWN, site, message)
        if expected is None:
            return
        if sorted(told) != sorted(expected):
            self.fail("outcome", f"the authority says {told}, expected {expected}")
        if self.snapshot is not None:
            got = self.snapshot.json()
            want = (self.books.available(), self.books.sales)
            if (got["available"], got["sales"]) != want:
                self.fail("books", f"available, sales {want}, the authority says {got}")

    def compare_rights(self, notice):
        """Each site is given its share once."""
        if notice["site"] in self.restored:
            return
        want = self.shares.pop(notice["site"], 0)
        if notice["quantity"] != want:
            self.fail("rights", f"{notice['site']} has a share of {want}, the authority says "
                      f"{notice}")

    # A site.
    def at_site(self, name, sent, heard=None, wake=None, request=None, cut=False):
        site = self.sites[name]
        if name in self.restored:
            return self.pass_on(name, sent)
        expected = []
        if cut:  # nobody will answer
            expected = [site.give_up(n, self.now) for n in sorted(site.waiting)]
        elif heard is not None:
            expected = self.hear(name, site, heard)
        elif wake is not None and wake.startswith("ask/"):
            expected = self.time_out(site, int(wake.rsplit("/", 1)[1]))
        elif request is not None:
            expected = [request]
        replies, ops = [], []
        for message in sent:
            if message.topic.endswith("/reply"):
                # What becomes of a sale at risk comes to the same place, and is no answer.
                if message.json()["result"] in ("SELL", "REFUSE"):
                    replies.append(message.json())
            elif message.topic.startswith("oversell/ops/"):
                ops.append(message.json())
                self.post(UP, name, message)
            elif message.topic.endswith("/availability"):
                self.shown[name] = message.json()["available"]
        self.compare_replies(name, site, replies, expected)
        self.note_ops(name, site, ops, replies)
        self.check_wakes(name, site)
        if site.snapshot is not None and site.is_exact() and (
                self.shown.get(name) != site.available()):
            self.fail("availability", f"{name} shows {self.shown.get(name)}, expected "
                      f"{site.available()} ({site.snapshot['available']} in the snapshot)")

    def check_wakes(self, name, site):
        """Nobody waits longer than that by boot time, whatever the wall clock does: after any input
        the site is woken in time, or at once."""
        box = self.boxes[name]
        for n, (_, _, asked) in site.waiting.items():
            wakes = [at - box.skew_ms for key, at in box.wakes.items()
                     if key.startswith("ask/") and int(key.rsplit("/", 1)[1]) == n]
            if not wakes or min(wakes) > max(self.now, asked + ANSWER_MS) + CLOCK_STEP_MS:
                self.fail("waits", f"{name} was asked {n} at {asked - T0} ms, and wakes at "
                          f"{[at - T0 for at in wakes]} ms")

    def pass_on(self, name, sent):
        """Of a site whose journal was put back only the books at the end are looked at."""
        for message in sent:
            if message.topic.startswith("oversell/ops/"):
                self.post(UP, name, message)
            elif message.topic.endswith("/availability"):
                self.shown[name] = message.json()["available"]
            elif message.topic.endswith("/reply") and message.json()["result"] == "SELL":
                self.note_sale(name, message.json())

    def note_sale(self, name, reply):
        self.sales[name, self.boxes[name].epoch,
                   int(reply["sale"].rsplit(".", 1)[1])] = reply["quantity"]

    def hear(self, name, site, message):
        told = message.json()
        # A clock that nobody keeps right says nothing of when it was sent.
        sent_ms = told["sent_ms"] if self.boxes[name].trusted else self.now
        if message.topic.startswith("oversell/item/"):
            site.take_snapshot(told, sent_ms)
            return []
        if message.topic == "oversell/alive":
            site.hear(sent_ms)
            return []
        if told["epoch"] != self.boxes[name].epoch:
            site.hear(sent_ms)
            return []
        if told["kind"] == "rights":
            site.hear(sent_ms)
            site.rights += told["quantity"]
            return []
        if told["kind"] == "verdict":
            self.verdicts.setdefault((name, told["epoch"], told["n"]), []).append(told)
        answer = site.take_notice(told, sent_ms)
        return [answer] if answer else []

    def time_out(self, site, n):
        if n not in site.waiting or self.now < site.waiting[n][2] + ANSWER_MS:
            return []  # the wall clock was set ahead
        site.slow = True
        return [site.give_up(n, self.now)]

    def compare_replies(self, name, site, replies, expected):
        if len(replies) != len(expected):
            self.fail("replies", f"{name}: {len(expected)} answers expected ({expected}), "
                      f"{len(replies)} given ({replies})")
        for got, want in zip(replies, expected):
            if want["result"] is None:
                continue
            for key in ("result", "id"):
                if got.get(key) != want[key]:
                    self.fail(key, f"{name}: expected {want}, answered {got}")
            for key in ("reason", "basis"):
                if want.get(key) and got.get(key) not in want[key]:
                    self.fail(key, f"{name}: expected {want}, answered {got}")
            if want.get("risk") is not None and abs(got["risk"] - want["risk"]) > 2e-6:
                self.fail("risk", f"{name}: expected {want}, answered {got}")

    def note_ops(self, name, site, ops, replies):
        for op in ops:
            if op["kind"] == "ask":
                site.waiting[op["n"]] = (*self.asked, self.now)
            elif op["kind"] == "sale" and op["n"] not in site.decided:
                site.sold(op["n"], op["quantity"], op["basis"])
            elif op["kind"] == "withdraw":
                site.decided[op["n"]] = "REFUSE"
        for reply in replies:
            if reply["result"] == "SELL":
                self.note_sale(name, reply)

    # What happens.
    def run(self):
        sent = self.hub.deliver(self.now, UP, f"seats/{ITEM}/capacity",
                                json.dumps({"capacity": self.case["options"]["capacity"]}))
        self.spread(sent, None)
        if self.quota != "off" and self.snapshot.json()["reserve"] != self.reserve:
            self.fail("reserve", f"{self.reserve} are not allotted, the authority says "
                      f"{self.snapshot.json()}")
        self.advance(self.now + 1000)
        take_steps(self)
        try:
            self.end()
        except Failed as found:
            raise Difference("failed", f"at the end: the step failed: {found}") from None

    def rest(self, _step):
        pass

    def request(self, step):
        name = step["site"]
        if name == "hub":
            return self.hub_request(step)
        site, quantity, identity = self.sites[name], step["k"], step["id"]
        self.asked = (quantity, identity)
        asks = site.asks() and quantity >= 1 and site.snapshot is not None
        expected = None
        if name in self.restored:
            asks = False
        elif not asks:
            expected = site.decide(quantity, identity, self.now)
        sent = self.boxes[name].deliver(self.now, UP, f"seats/{ITEM}/request",
                                        json.dumps({"quantity": quantity, "id": identity}))
        if asks:
            if not any(one.topic.startswith("oversell/ops/") and one.json()["kind"] == "ask"
                       for one in sent):
                self.fail("asks", f"{name} does not ask the authority, the line is up: {sent}")
            return self.at_site(name, sent)
        return self.at_site(name, sent, request=expected)

    def hub_request(self, step):
        sent = self.hub.deliver(self.now, UP, f"seats/{ITEM}/request",
                                json.dumps({"quantity": step["k"], "id": step["id"]}))
        reply = next(one.json() for one in sent if one.topic.endswith("/reply"))
        if self.quota != "off" or "hub" in self.restored:
            if reply["result"] == "SELL":
                self.facts += step["k"]
            return self.spread(sent, None)
        sells = 1 <= step["k"] <= self.books.available()
        if sells:
            self.books.change(step["k"], step["k"])
            self.facts += step["k"]
        if (reply["result"] == "SELL") != sells:
            self.fail("result", f"the authority sells: {sells}, and says {reply}")
        return self.spread(sent, [])

    def fact(self, step):
        name, kind = step["site"], step["kind"]
        quantity = step["k"] if kind == "sold" else -step["k"]
        site = self.sites[name]
        if site.snapshot is None or name in self.restored:
            return
        sent = self.boxes[name].deliver(self.now, UP, f"seats/{ITEM}/{kind}",
                                        json.dumps({"quantity": step["k"]}))
        op = next(one.json() for one in sent if one.topic.startswith("oversell/ops/")
                  and one.json()["kind"] in ("sold", "returned"))
        site.fact(op["n"], quantity)
        self.facts += quantity
        self.at_site(name, sent)

    def capacity(self, step):
        sent = self.hub.deliver(self.now, UP, f"seats/{ITEM}/capacity",
                                json.dumps({"capacity": step["to"]}))
        if self.quota == "off" and "hub" not in self.restored:
            self.books.capacity = step["to"]
            return self.spread(sent, [])
        return self.spread(sent, None)

    def cut(self, step):
        line, name = self.lines[step["site"]], step["site"]
        if not line.up:
            return
        line.up = False
        # What was on its way did not arrive, and is sent again when the line is back.
        lost = [one for one in self.queue if one[3] == name]
        self.queue = [one for one in self.queue if one[3] != name]
        heapq.heapify(self.queue)
        line.waiting += [(one[2], one[4]) for one in sorted(lost)
                         if not one[4].topic.endswith("/alive")]
        if step["noticed"]:
            self.sites[name].link = False
            self.at_site(name, self.boxes[name].link(self.now, False), cut=True)

    def mend(self, step):
        line, name = self.lines[step["site"]], step["site"]
        if line.up:
            return
        line.up, waiting, line.waiting = True, line.waiting, []
        line.latest = {UP: self.now, DOWN: self.now}
        if not self.sites[name].link:
            self.sites[name].link = True
            self.at_site(name, self.boxes[name].link(self.now, True))
        for way, message in waiting:
            self.post(way, name, message)

    def latency(self, step):
        self.lines[step["site"]].latency = step["ms"]

    def jump(self, step):
        """The wall clock of a site, which nobody keeps right from now on."""
        self.boxes[step["site"]].skew_ms += step["ms"]
        self.boxes[step["site"]].trusted = False

    def restart(self, step):
        self.boxes[step["site"]].restart()

    def copy(self, step):
        self.copies[step["site"]] = self.boxes[step["site"]].copy()

    def restore(self, step):
        """The copy is put back, under another epoch; what was not sent since is lost."""
        name = step["site"]
        if name not in self.copies:
            return
        if name == "hub":
            return self.restore_hub()
        self.queue = [one for one in self.queue if (one[2], one[3]) != (UP, name)]
        heapq.heapify(self.queue)
        line = self.lines[name]
        line.waiting = [one for one in line.waiting if one[0] != UP]
        self.restored.add(name)
        self.boxes[name].restore(self.copies[name], f"f{len(self.restored) + self.now:015x}")
        self.at_site(name, self.boxes[name].link(self.now, self.sites[name].link))
        # The bridge brings what is retained at the centre, and other than its journal knows.
        if self.snapshot is not None:
            self.post(DOWN, name, self.snapshot)

    def restore_hub(self):
        """From now on only what has to hold at the end is looked at."""
        self.queue = [one for one in self.queue if one[2] != DOWN]
        heapq.heapify(self.queue)
        for line in self.lines.values():
            line.waiting = [one for one in line.waiting if one[0] != DOWN]
        self.restored |= {"hub", *self.sites}
        self.hub.restore(self.copies["hub"], f"f{self.now:015x}")
        self.spread(self.hub.link(self.now, True), None)

    # The end: all is mended, the window closes.
    def end(self):
        for name in self.sites:
            self.latency({"site": name, "ms": 20})
            self.mend({"site": name})
        self.advance(self.now + 4_000_000)
        final = self.snapshot.json()
        if self.quota == "strict" and not self.case["options"].get("facts"):
            told = self.facts + sum(self.sales.values())
            if final["available"] < 0 or told > final["capacity"]:
                self.fail("oversold", f"strict quotas: {told} were sold of {final['capacity']}, "
                          f"the authority says {final}")
        if not self.restored:
            self.balance(final)
        for name in self.sites:
            if self.shown.get(name) != final["available"]:
                self.fail("shown", f"at the end {name} shows {self.shown.get(name)}, the "
                          f"authority has {final['available']}")


    def balance(self, final):
        """What is left is what was not sold; each sale has one final verdict, or was answered."""
        net = self.facts
        for (name, epoch, n), quantity in self.sales.items():
            outcomes = {one["outcome"] for one in self.verdicts.get((name, epoch, n), [])
                        if one.get("final")}
            decided = n in self.sites[name].decided
            if len(outcomes) > 1 or (decided and not outcomes):
                self.fail("verdicts", f"the sale {n} of {name} has the final verdicts {outcomes}")
            net += 0 if "REVERSE" in outcomes else quantity
        if final["available"] != final["capacity"] - net:
            self.fail("balance", f"{final['capacity']} less what was sold is "
                      f"{final['capacity'] - net}, the authority says {final}")
