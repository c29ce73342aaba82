"""Sites and an authority that sell what is scarce: their routes and the options of their policies,
for scenarios that need others than those of config/examples/oversell."""
import json

from stage.bascule import ROOT
from stage.schema import check, problems
from stage.waiting import wait_until

SCHEMA = ROOT / "plugins" / "oversell" / "schema"
SCHEMAS = {"ops": "op", "inbox": "notice", "alive": "alive", "stats": "stats", "staff": "people",
           "badge": "people", "call": "people", "freed": "people", "availability": "availability",
           "sales": "sale", "oversell": "snapshot"}  # oversell/item/…


def _routes(direction, **filters):
    return [{"name": name, "direction": direction, "from": one, "policy": "seats"}
            for name, one in filters.items()]


ASKED = {"asked": "seats/{item}/request", "sold": "seats/{item}/sold",
         "back": "seats/{item}/available"}


def hub(stage, central, start=True, **options):
    return stage.bascule(
        central, None, bridge_id="hub", start=start,
        routes=_routes("up", ops="oversell/ops/{site}", capacity="seats/{item}/capacity", **ASKED),
        policies={"seats": {"plugin": "oversell", "options": {
            "role": "authority", "heartbeat": "1s", "hold_window": 0, **options}}})


class Site:
    """A site with a broker, a bridge, a line to the centre, a till, and a screen that shows what
    can be sold."""

    def __init__(self, stage, name, central, start=True, protocol=5, broker_options=(), **options):
        self.name = name
        self.broker = stage.broker(name, options=broker_options)
        self.line = stage.line(central, raw=True)
        self.bridge = stage.bascule(
            self.broker, self.line, bridge_id=name, start=start,
            routes=_routes("up", rights="seats/{item}/transfer", **ASKED)
            + _routes("down", inbox=f"oversell/inbox/{name}", items="oversell/item/{item}",
                      alive="oversell/alive"),
            policies={"seats": {"plugin": "oversell", "options": {"role": "site", **options}}})
        self.screen = stage.receiver(self.broker, "seats/+/availability", "seats/+/staff",
                                     "seats/+/badge", name=f"screen-{name}")
        self.till = stage.till(self.broker, f"till-{name}", protocol=protocol)

    def told(self, what, item):
        """What was published on seats/ITEM/WHAT, parsed."""
        return [json.loads(text) for text in self.screen.payloads(f"seats/{item}/{what}")]

    def available(self, item):
        shown = self.told("availability", item)
        return shown[-1]["available"] if shown else None

    def wait_available(self, item, count):
        wait_until(lambda: self.available(item) == count,
                   lambda: f"{self.name}: {count} of {item}, has {self.available(item)}")

    def cut(self):
        self.line.cut()
        self.bridge.wait_link("central", "down")

    def mend(self):
        self.line.restore()
        self.bridge.wait_link("central", "up", "slow")


def check_messages(office, *sites):
    """All that was said is as plugins/oversell/schema has it. Returns which kinds there were."""
    said = [*office.unique, *(one for site in sites for one in site.screen.unique)]
    kinds = set(check(SCHEMA, SCHEMAS, said))
    answer = json.loads((SCHEMA / "answer.json").read_text())
    for site in sites:
        for _, told in [*site.till.answers, *site.till.outcomes]:
            assert not problems(answer, told), (told, problems(answer, told))
    return kinds
