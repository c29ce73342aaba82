"""The line between a site and the authority."""

from host import DOWN, UP


class Line:
    """From a site to the authority and back. What is on its way waits while it is cut."""

    def __init__(self):
        self.up, self.latency = True, 50
        self.latest = {UP: 0, DOWN: 0}
        self.waiting = []

    def arrival(self, way, now):
        self.latest[way] = max(self.latest[way], now + self.latency)
        return self.latest[way]
