"""What a bridge is configured to do, as a value: the model asks it where a message should go, and
the world writes it into the bridge's file. A configuration is a set of switches that are on; the
routes follow from them. Pure.
"""
from dataclasses import dataclass

SWITCHES = ("added", "removed", "narrowed", "split", "widened", "to", "lane", "site-id",
            "central-id", "payload", "tight")
PAYLOAD_MAX = 2048  # with the switch "payload"
UNHEARD = "unheard"  # no switch of a file: the broker refuses the subscription for the orders


@dataclass(frozen=True)
class Route:
    name: str
    direction: str  # up: site to central
    source: str
    target: str
    lane: str = "default"

    def section(self):
        return {"name": self.name, "direction": self.direction, "from": self.source,
                "to": self.target, "lane": self.lane}


def captured(pattern, topic):
    """What the names of a pattern stand for in a topic; None if it does not match."""
    names, levels = {}, topic.split("/")
    parts = pattern.split("/")
    for index, part in enumerate(parts):
        if part.endswith("...}"):
            names[part] = "/".join(levels[index:])
            return names
        if index >= len(levels):
            return None
        if part.startswith("{"):
            names[part] = levels[index]
        elif part not in ("+", levels[index]):
            return None
    return names if len(parts) == len(levels) else None


@dataclass(frozen=True)
class Configuration:
    bridge: str
    on: frozenset = frozenset()
    listens_to: str = ""  # another bridge, whose sales come down

    def switched(self, switch, on):
        return Configuration(self.bridge, self.on | {switch} if on else self.on - {switch},
                             self.listens_to)

    def routes(self):
        above = f"stores/{self.bridge}"
        lane = "default" if "lane" in self.on else "sales"
        sales = "till" if "to" in self.on else "sales"
        routes = []
        if "split" in self.on:
            routes.append(Route("first-till", "up", "pos/1/{rest...}", above + "/first/{rest...}",
                                lane))
        narrow = "narrowed" in self.on
        routes.append(Route("sales", "up", "pos/2/{rest...}" if narrow else "pos/{rest...}",
                            f"{above}/{sales}{'/2' if narrow else ''}/{{rest...}}", lane))
        if "removed" not in self.on:
            menu = "card" if "to" in self.on else "menu"
            routes.append(Route("menu", "up", "menu/{item}", f"{above}/{menu}/{{item}}"))
        if "added" in self.on:
            routes.append(Route("shelves", "up", "shelf/{rest...}", above + "/shelf/{rest...}"))
        if UNHEARD not in self.on:
            routes.append(Route("orders", "down", above + "/orders/{rest...}", "orders/{rest...}"))
        routes.append(Route("prices", "down", "catalogue/{item}", "prices/{item}"))
        if "widened" in self.on:
            routes.append(Route("broadcast", "down", "stores/{any}/orders/all",
                                "broadcast/{any}"))
        if self.listens_to:
            routes.append(Route("others", "down", f"stores/{self.listens_to}/sales/{{rest...}}",
                                f"others/{self.listens_to}/{{rest...}}"))
        return routes

    def takes(self, direction, topic):
        """The route of a message and where it goes, or None."""
        for route in self.routes():
            names = captured(route.source, topic) if route.direction == direction else None
            if names is not None:
                target = route.target
                for name, text in names.items():
                    target = target.replace(name, text)
                return route, target
        return None

    def target(self, direction, topic):
        found = self.takes(direction, topic)
        return found and found[1]

    def lanes(self):
        tight = {"max_size": "64KiB", "when_full": "drop-oldest"} if "tight" in self.on else {}
        return {"sales": {"priority": 9, **tight}}

    def journal(self):
        return {"max_payload": f"{PAYLOAD_MAX}B"} if "payload" in self.on else {}

    def payload_max(self):
        return PAYLOAD_MAX if "payload" in self.on else 16 << 20

    def client_id(self, place):
        return f"bridge-{self.bridge}-{place}{'-new' if place + '-id' in self.on else ''}"
