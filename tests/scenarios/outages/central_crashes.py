"""The central broker saves what it has from time to time, as mosquitto does. Killed, it comes back
with the bridge's session and bookmark of its last save, and without what it acknowledged after
that. The bridge's will tells: the broker never came to publish it. What crossed behind the
bookmark goes again, or is in the loss ledger where the lane says `resend: never`. A broker that
ends in order loses nothing, and gets nothing again.

P6
"""
from stage import Stage, wait_until

BURST, DOORS = 200, 20
BOOKMARK = "bascule/store-42/bookmark/up"
ROUTES = [{"name": "sales", "direction": "up", "from": "sale/{till}"},
          {"name": "doors", "direction": "up", "from": "door/{door}", "lane": "doors"}]


class Shop:
    def __init__(self, stage, protocol):
        self.stage = stage
        self.site = stage.broker("site")
        self.central = stage.broker("central", options=["autosave_interval 1800"])
        self.line = stage.line(self.central)
        self.headquarters = stage.receiver(self.central, "sale/#", "door/#", numbered=True)
        self.bascule = stage.bascule(
            self.site, self.line, routes=ROUTES, lanes={"doors": {"resend": "never"}},
            central_link={"protocol": protocol, "retained": "trust"})
        self.till = stage.publisher(self.site)
        self.sold = self.opened = 0

    def wait_bookmarked(self):
        def behind():
            return [lane for lane in self.bascule.status()["lanes"] if lane["direction"] == "up"
                    and (lane["bookmark"] != lane["cursor"] or lane["backlog"]
                         or lane["replaying"])]
        wait_until(lambda: not behind(), lambda: f"the bookmarks there, has {behind()}")

    def burst(self):
        """Crosses while headquarters is away: central has it, and nobody else."""
        self.wait_bookmarked()
        self.headquarters.leave()
        self.central.wait_saved()
        before = self.bascule.counters("up")["forwarded"]
        for _ in range(BURST):
            self.sold += 1
            self.till.publish("sale/1", f"sale {self.sold}")
        for _ in range(DOORS):
            self.opened += 1
            self.till.publish("door/1", f"door {self.opened}")
        self.till.wait_acknowledged()
        wait_until(lambda: self.bascule.counters("up")["forwarded"] == before + BURST + DOORS,
                   "all of it at central")

    def comes_back(self):
        self.central.start()
        self.bascule.wait_up()
        self.headquarters.back()
        self.wait_bookmarked()

    def check(self):
        """All sales are there; of the doors, all that is not in the ledger. None opens twice."""
        sales = [f"sale {number}" for number in range(1, self.sold + 1)]
        self.headquarters.expect(sales, topic="sale/1")
        told = set()
        for row in self.bascule.losses():
            assert (row["lane"], row["reason"]) == ("doors", "not_resent"), row
            told |= set(range(row["first"], row["last"] + 1))
        def doors():
            return [one.payload for one in self.headquarters.all if one.topic == "door/1"]
        wait_until(lambda: len(doors()) >= self.opened - len(told), "the doors")
        there = {int(one.split()[1]) for one in doors()}
        assert len(doors()) == len(there), doors()
        silent = set(range(1, self.opened + 1)) - there - told
        assert not silent, f"missing, and not in the ledger: {sorted(silent)}"
        return told


for protocol in "5", "3.1.1":
    with Stage() as stage:
        shop = Shop(stage, protocol)
        for crash in range(1, 4):
            shop.burst()
            shop.central.kill()
            shop.comes_back()
            forgot = shop.bascule.link("central")["forgot"]
            assert forgot and forgot["bookmarks"] + forgot["silent_ends"] >= crash, forgot
            assert forgot["sessions"] == 0, forgot
        told = shop.check()
        assert len(told) == 3 * DOORS, told
        assert "may have lost" in shop.bascule.log()
        resent = shop.bascule.status()["resent"]
        assert resent >= 3 * BURST, resent

        shop.burst()
        shop.central.stop()
        shop.comes_back()
        assert shop.check() == told
        assert shop.bascule.status()["resent"] == resent

# No bookmark comes to be known of what crosses, so nothing but the will can tell.
with Stage() as stage:
    shop = Shop(stage, "5")
    shop.wait_bookmarked()
    shop.line.refuse = lambda topic: 0x97 if topic == BOOKMARK else 0
    before = shop.bascule.lane("up")["bookmark"]
    shop.headquarters.leave()
    shop.central.wait_saved()
    shop.till.publish_numbered("sale/1", 1, BURST, text="sale {}")
    wait_until(lambda: shop.bascule.lane("up")["cursor"] == before + BURST, "all of it at central")
    assert shop.bascule.lane("up")["bookmark"] == before
    shop.central.kill()
    shop.line.refuse = None
    shop.sold = BURST
    shop.comes_back()
    shop.check()
    forgot = shop.bascule.link("central")["forgot"]
    assert (forgot["silent_ends"], forgot["evidence"]) == (1, "still-online"), forgot
    assert "it retained that this bridge was online" in shop.bascule.log()
    assert "may have forgotten" in shop.bascule.cli("status").stdout
