"""What a site and an authority of `oversell` have to do, written from the text of the policies
alone. One item each. Times are in ms.
"""
import math

WINDOW_MS = 3_600_000
ANSWER_MS = 2_000


def poisson_within(m, mu):
    """P(D <= m)."""
    if m < 0:
        return 0.0
    return min(1.0, math.fsum(math.exp(j * math.log(mu) - mu - math.lgamma(j + 1))
                              for j in range(m + 1)) if mu > 0 else 1.0)


def negative_binomial_within(m, seen, watched, age):
    """P(D <= m) after `seen` sales in the time `watched`."""
    if m < 0:
        return 0.0
    if age <= 0:
        return 1.0
    if watched <= 0:
        return 0.0
    r, p = seen + 0.5, watched / (watched + age)
    return min(1.0, math.fsum(
        math.exp(math.lgamma(r + j) - math.lgamma(j + 1) - math.lgamma(r) + r * math.log(p)
                 + j * math.log1p(-p)) for j in range(m + 1)))


def allot(capacity, reserve_bp, weights):
    """The reserve, and the rest by weight: largest remainder, ties by site."""
    reserve = capacity * reserve_bp // 10_000
    rest, total = capacity - reserve, sum(weights.values())
    if not total:
        return capacity, {}
    shares = {site: rest * weight // total for site, weight in weights.items()}
    order = sorted(weights, key=lambda site: (-(rest * weights[site] % total), site))
    for site in order[:rest - sum(shares.values())]:
        shares[site] += 1
    return capacity - rest, shares


class Site:
    """One site's view of one item."""

    def __init__(self, options):
        self.options = options
        self.snapshot = None
        self.contact = None     # when the authority said the last that was heard
        self.link, self.slow = True, False
        self.local = {}         # n: (quantity that is gone, version from which on it is counted in)
        self.waiting = {}       # n: (quantity, id, when it was asked)
        self.decided = {}       # n: SELL or REFUSE, by itself
        self.freed = -1         # the version from which on all that was taken back is free
        self.rights, self.debt, self.risky = 0, 0, {}
        self.claimed = False

    def asks(self):
        return self.link and not self.slow

    def quota(self):
        return self.snapshot["quota"] if self.snapshot else "off"

    def gone(self):
        """What is sold here and not in the snapshot yet."""
        return sum(quantity for quantity, version in self.local.values()
                   if version is None or version > self.snapshot["version"])

    def available(self):
        return self.snapshot["available"] - self.gone()

    def is_exact(self):
        """Something was taken back that the snapshot may still count."""
        return self.snapshot["version"] >= self.freed

    def hear(self, sent):
        self.contact = sent if self.contact is None else max(self.contact, sent)
        self.slow = False

    def take_snapshot(self, snapshot, sent):
        self.hear(sent)
        if self.snapshot is None or snapshot["version"] >= self.snapshot["version"]:
            self.snapshot = snapshot

    def take_notice(self, notice, sent):
        """An answer or a verdict; gives what the device is told, if anything."""
        self.hear(sent)
        n, version = notice["n"], notice["version"]
        if notice["kind"] == "answer":
            if n in self.waiting:
                quantity, identity, _ = self.waiting.pop(n)
                if notice["outcome"] == "SELL":
                    self.local[n] = (quantity, version)
                elif self.quota() != "off" and self.rights >= quantity:
                    return self.decide(quantity, identity, None)
                return {"result": notice["outcome"], "id": identity, "basis": {"authority"}}
            if notice["outcome"] == "SELL":
                if self.decided.get(n) == "SELL":
                    self.local[n] = (self.local[n][0], version)
                else:
                    self.freed = max(self.freed, version + 1)
        elif notice["kind"] == "verdict":
            if notice["outcome"] in ("REVERSE", "WITHDRAWN"):
                self.freed = max(self.freed, version)
                self.local.pop(n, None)
            elif n in self.local and self.local[n][1] is None:
                self.local[n] = (self.local[n][0], version)
        return None

    def decide(self, quantity, identity, now):
        """By the ladder: {result, reason, risk}."""
        said = {"id": identity, "basis": {"snapshot"}, "risk": 0.0}
        if quantity < 1 or self.snapshot is None:
            return {**said, "result": "REFUSE", "reason": {"no_snapshot"}}
        quota = self.quota()
        if quota != "off" and self.rights >= quantity:
            return {**said, "result": "SELL", "reason": {"quota"}, "basis": {"quota"}}
        if quota == "strict":
            return {**said, "result": "REFUSE", "reason": {"quota_exhausted"}}
        age = now - self.contact
        window = self.options.get("window", WINDOW_MS)
        if window != "off" and age > window:
            return {**said, "result": "REFUSE", "reason": {"stale"}}
        held = self.snapshot["available"]
        gone = self.gone()
        if quota == "soft":
            held = self.snapshot["reserve"]
            gone = sum(amount for n, amount in self.risky.items() if n in self.local
                       and (self.local[n][1] is None
                            or self.local[n][1] > self.snapshot["version"]))
        left = held - gone - quantity
        if left < 0:
            return {**said, "result": "REFUSE", "reason": {"sold_out_local"}}
        least = self.options.get("min_remaining_bp", 1000)
        if least != "off" and held * 10_000 < least * self.snapshot["capacity"]:
            return {**said, "result": "REFUSE", "reason": {"low_stock"}}
        if "rate_per_hour" not in self.options:
            return {**said, "result": "SELL", "reason": {"at_risk"}, "risk": None}
        within = poisson_within(left, self.options["rate_per_hour"] * age / 3_600_000)
        return self.weigh(said, 1 - within)

    def weigh(self, said, risk):
        confidence = self.options.get("min_confidence")
        value, penalty = self.options.get("value"), self.options.get("penalty")
        if confidence is not None:
            if abs(1 - risk - confidence) < 1e-9:
                return {**said, "result": None}
            if 1 - risk < confidence:
                return {**said, "result": "REFUSE", "reason": {"forecast"}, "risk": risk}
        if value is not None and abs(risk - value / (value + penalty)) < 1e-9:
            return {**said, "result": None}
        if value is not None and risk > value / (value + penalty):
            return {**said, "result": "REFUSE", "reason": {"expected_loss"}, "risk": risk}
        return {**said, "result": "SELL", "reason": {"at_risk"}, "risk": risk}

    def give_up(self, n, now):
        """Nobody has answered an ask: the site decides by itself."""
        quantity, identity, _ = self.waiting.pop(n)
        said = self.decide(quantity, identity, now)
        if said["result"] == "SELL":
            self.sold(n, quantity, next(iter(said["basis"])))
        return said

    def sold(self, n, quantity, basis):
        self.local[n] = (quantity, None)
        self.decided[n] = "SELL"
        if basis == "quota":
            self.rights -= quantity
        elif basis == "snapshot":
            self.risky[n] = quantity

    def fact(self, n, quantity):
        """Sold without asking, or (below 0) can be sold again."""
        self.local[n] = (quantity, None)
        if self.quota() == "off":
            return
        if quantity > 0:
            covered = min(self.rights, quantity)
            self.rights -= covered
            self.debt += quantity - covered
            self.risky[n] = quantity - covered
        else:
            good = min(self.debt, -quantity)
            self.debt -= good
            self.risky[n] = -good
            self.rights += -quantity - good


class Hub:
    """The authority's books of one item without a quota."""

    def __init__(self, capacity, overbooking, hold_ms):
        self.capacity, self.overbooking, self.hold_ms = capacity, overbooking, hold_ms
        self.version, self.net, self.sales = 1, 0, 0
        self.outcomes = {}   # (site, epoch, n): what it was told last
        self.pending = []    # [when, count, site, n, epoch, quantity]
        self.closes = None

    def available(self):
        return self.capacity - self.net

    def change(self, more, sold):
        self.net += more
        self.sales += sold
        self.version += 1

    def take(self, op, now):
        """The outcomes that follow at once, [(site, n, outcome)]."""
        key, quantity = (op["site"], op["epoch"], op["n"]), op["quantity"]
        former = self.outcomes.get(key)
        kind = op["kind"]
        if kind == "ask":
            if former is None:
                former = "SELL" if quantity <= self.available() else "REFUSE"
                if former == "SELL":
                    self.change(quantity, quantity)
                self.outcomes[key] = former
            return [(op["site"], op["n"], former)]
        if kind == "sale":
            if former in (None, "REFUSE"):
                self.change(quantity, quantity)
                self.outcomes[key] = "PROVISIONAL"
                when = (op["stamp_ms"], op["stamp_count"])
                if not op["trusted"] or op["stamp_ms"] > now:
                    when = (now, 0)  # as it came
                self.pending.append((*when, op["site"], op["n"], key, quantity))
                if self.closes is None:
                    self.closes = now + self.hold_ms
                return [(op["site"], op["n"], "PROVISIONAL")]
            if former == "SELL":  # it had been sold by the authority: one sale, and firm
                self.outcomes[key] = "FIRM"
                return [(op["site"], op["n"], "FIRM")]
            return [(op["site"], op["n"], former)]
        if kind == "withdraw":
            if former == "SELL":
                self.change(-quantity, 0)
            self.outcomes[key] = "WITHDRAWN"
            return []  # whether it is told is not said
        if former is not None:
            return [(op["site"], op["n"], former)]
        if kind == "sold":
            self.change(quantity, quantity)
            self.outcomes[key] = "FIRM"
        else:
            self.change(-quantity, 0)
            self.outcomes[key] = "NOTED"
        return [(op["site"], op["n"], self.outcomes[key])]

    def walk(self):
        """The hold window closes: in the order in which the sales were made."""
        outcomes, total = [], self.net - sum(one[-1] for one in self.pending)
        freed = 0
        for _, _, site, n, key, quantity in sorted(self.pending):
            if total + quantity <= self.capacity:
                outcome = "FIRM"
            elif total + quantity <= self.capacity + self.overbooking:
                outcome = "HONOUR"
            else:
                outcome = "REVERSE"
                freed += quantity
            if outcome != "REVERSE":
                total += quantity
            self.outcomes[key] = outcome
            outcomes.append((site, n, outcome))
        self.pending, self.closes = [], None
        self.change(-freed, 0)
        return outcomes
