"""Who is in the world of an episode: brokers, each with a source and a receiver; bridges, with a
line to each of their brokers. The setting of the plan says what they are like.
"""
import os

from configuration import Configuration
from kinds import CHECKS_OFF
from model import CENTRAL
from scripted import ScriptedBroker
from source import Source
from stage import Disk, Stage

KEEP_ALIVE_S = 3
BRIDGE_USER = "bridge"  # the user of all bridges; brokers refuse things to it alone
DISK_MIB, MIN_FREE_MIB = 24, 8  # of a small disk
# mosquitto 2.0.11 counts QoS 2 publishes of before a reconnect as well, and closes over too many.
SOURCE_WINDOW_MAX, SOURCE_SHARE = 200, 0.45


class Cast:
    def __init__(self, setting):
        self.stage = Stage().__enter__()
        self.sites = ["a", "b"][:setting["bridges"]]
        self.places = [*self.sites, CENTRAL]
        self._setting = setting
        self.small_disk = setting["disk"] == "small" and os.geteuid() == 0  # it is mounted
        self.forgetful = {place for place in self.places if setting["persistence"] not in
                          ("both", "central" if place == CENTRAL else "site")}
        self.brokers, self.receivers, self.sources = {}, {}, {}
        self.lines, self.bridges, self.configurations = {}, {}, {}
        self.disks = {}  # of bridges

    def enter(self):
        """Receivers come first, so that they miss nothing; the bridges are started."""
        window = min(SOURCE_WINDOW_MAX, int(self._setting["inflight"] * SOURCE_SHARE))
        for place in self.places:
            broker = self.brokers[place] = self._broker(place)
            self.receivers[place] = self.stage.receiver(broker, name=f"receiver-{place}", qos=2)
            self.sources[place] = Source(broker, f"source-{place}", window)
        for site in self.sites:
            self.lines[f"{site}-site"] = self.stage.line(self.brokers[site])
            self.lines[f"{site}-{CENTRAL}"] = self.stage.line(self.brokers[CENTRAL])
            listens_to = next((other for other in self.sites if other < site), "")
            self.configurations[site] = Configuration(site, listens_to=listens_to)
            self.bridges[site] = self.stage.bascule(
                self.lines[f"{site}-site"], self.lines[f"{site}-{CENTRAL}"], bridge_id=site,
                data_dir=self._disk(site).path / "journal", start=False)
            self.write(site, self.configurations[site])
            self.bridges[site].start(up=False)

    def _broker(self, place):
        if place == CENTRAL and self._setting["central"] == "scripted":
            broker = ScriptedBroker(place, self.stage.folder, self._setting.get("trait", "none"))
            self.stage.welcome(broker)
            return broker
        return self.stage.broker(place, persistence=place not in self.forgetful,
                                 watched=BRIDGE_USER,
                                 options=[f"max_inflight_messages {self._setting['inflight']}"])

    def _disk(self, site):
        """Where the bridge's data goes; on a file system of its own if that is to fill up."""
        self.disks[site] = Disk(self.stage.folder / f"{site}.disk")
        if self.small_disk:
            self.disks[site].mount(DISK_MIB)
        return self.disks[site]

    def write(self, site, configuration):
        """The configuration goes into the bridge's file."""
        self.configurations[site] = configuration
        bridge = self.bridges[site]
        for end in "site", CENTRAL:
            bridge.settings[end].update(
                client_id=configuration.client_id(end), keep_alive=f"{KEEP_ALIVE_S}s",
                username=BRIDGE_USER, client=self._setting["client"])
            if self.protocol(end) == 4 or "protocol" in CHECKS_OFF:
                bridge.settings[end]["protocol"] = "5" if self.protocol(end) == 5 else "3.1.1"
        journal = {"sync": self._setting["sync"], **configuration.journal()}
        if self.small_disk:
            journal.update(min_free=f"{MIN_FREE_MIB}MiB", keep_forwarded="0s")
        bridge.settings.update(routes=[route.section() for route in configuration.routes()],
                               lanes=configuration.lanes(),
                               journal={"min_free": "8MiB", **journal})
        bridge.write()

    def protocol(self, end):
        """The version of MQTT that a bridge should speak there, as its status has it."""
        return {"5": 5, "3.1.1": 4}[str(self._setting[f"{end}_protocol"])]

    def forgets_everything(self, place):
        """Whether it keeps nothing over a kill."""
        return place in self.forgetful or isinstance(self.brokers[place], ScriptedBroker)

    def leave(self, keep):
        for source in self.sources.values():
            source.leave()
        self.stage.end(keep=True)  # all processes; then what they had mounted
        for disk in self.disks.values():
            disk.umount()
        self.stage.end(keep)
