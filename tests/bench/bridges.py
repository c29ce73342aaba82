"""The two that are compared, each with its own pair of brokers: a site, a central, a bridge.

Both pairs are mosquitto, with the limits on messages in flight and in queues raised so that neither
bridge is held back by them; or, `narrow`, with mosquitto's default of 20 in flight. The topics are
those of the scenarios: pos/… at the site comes out as stores/store-42/pos/… at the centre, QoS 1.
"""
from stage import SALE, SALE_ABOVE, wait_until

from counter import cpu_s

WIDE = ["max_inflight_messages 1000"]


class Bridge:
    """What is common: the topics, the line to the centre, the processor time."""

    source, target = SALE, SALE_ABOVE

    def __init__(self, stage, narrow):
        self.limits = [] if narrow else WIDE
        # Its sessions outlive a stop; nothing is saved in between.
        self.central = stage.broker("central", options=[*self.limits, "autosave_interval 3600"])

    def cut(self):
        """The centre is away; what it knows of sessions stays."""
        self.central.stop()

    def restore(self):
        self.central.start()

    def site_cpu_s(self):
        """Of everything that runs at the site: its broker, and the bridge."""
        return sum(cpu_s(pid) for pid in {self.site.pid, self.pid})


class MosquittoBridge(Bridge):
    """The bridge that mosquitto has built in, in memory, as people run it."""

    def __init__(self, stage, narrow=False):
        super().__init__(stage, narrow)
        self.site = stage.broker("site", persistence=False, options=[
            *self.limits, "connection central", f"address 127.0.0.1:{self.central.port}",
            'topic pos/# out 1 "" stores/store-42/', "bridge_protocol_version mqttv311",
            "cleansession false", "notifications false", "restart_timeout 1"])
        self.pid = self.site.pid

    def wait_kept(self, count):
        """It keeps what the site's broker has acknowledged: they are one."""


class BasculeBridge(Bridge):
    def __init__(self, stage, narrow=False, sync="full"):
        super().__init__(stage, narrow)
        self.site = stage.broker("site", persistence=False, options=self.limits)
        self.bascule = stage.bascule(self.site, self.central,
                                     journal={"sync": sync, "max_size": "16GiB"})

    @property
    def pid(self):
        return self.bascule.pid

    def wait_kept(self, count):
        """Until so many are in the journal that have not crossed."""
        wait_until(lambda: self.bascule.backlog("up") >= count, f"{count} in the journal", 600)


class PlainBroker:
    """No bridge at all: what the site's broker costs by itself."""

    source = SALE

    def __init__(self, stage):
        self.site = stage.broker("site", persistence=False, options=WIDE)
        self.pid = self.site.pid
