"""Central is killed, and comes back with one of its two witnesses: the bridge's session or its
bookmark. With both from an older store (mosquitto) what came since goes again. With the bookmark
and no session (ejabberd: the reverse) all that crossed may be lost, and goes again, marked. With
the session and an older bookmark, or none, at a broker that is known for that (RabbitMQ: queues
outlive retained messages), nothing does; elsewhere one that is gone is as good as an older one.
What was lost a second time is in the ledger, and goes by command.

P6
"""
import re

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from stage import SALE, Stage, wait_until

BOOKMARK = "bascule/store-42/bookmark/up"


def session_ends(broker, client_id):
    """As if the broker had lost it: somebody takes the client id and begins anew."""
    up, over = [], Properties(PacketTypes.CONNECT)
    over.SessionExpiryInterval = 0
    client = mqtt.Client(client_id, protocol=mqtt.MQTTv5)
    client.on_connect = lambda *_: up.append(True)
    client.connect("127.0.0.1", broker.port, clean_start=True, properties=over)
    client.loop_start()
    wait_until(lambda: up, "the session's end")
    client.disconnect()
    client.loop_stop()


def keep_bookmark(stage, broker, payload):
    """As if the broker retained it still."""
    writer = stage.publisher(broker, "writer")
    writer.publish(BOOKMARK, payload, retain=True)
    writer.wait_acknowledged()
    writer.leave()


def acknowledged(broker, client_id):
    """Whether the client has acknowledged the last bookmark that came back to it: else a broker
    that is killed brings it once more, from the session."""
    log = broker.log()
    sent = list(re.finditer(
        rf"Sending PUBLISH to {client_id} \(d\d, q1, r\d, m(\d+), '{BOOKMARK}'", log))
    return sent and f"Received PUBACK from {client_id} (Mid: {sent[-1][1]}," in log[sent[-1].end():]


class Shop:
    def __init__(self, stage, **central_link):
        self.stage = stage
        self.site = stage.broker("site")
        self.central = stage.broker("central", options=["log_type all"])
        self.line = stage.line(self.central)
        self.bascule = stage.bascule(self.site, self.line, central_link=central_link)
        self.till = stage.publisher(self.site)
        self.sold = self.told_again = 0
        self.headquarters = None

    def sells(self, count):
        self.till.publish_numbered(SALE, self.sold + 1, self.sold + count)
        self.sold += count
        self.wait_bookmarked()

    def wait_bookmarked(self):
        wait_until(lambda: self.bascule.lane("up")["bookmark"] == self.sold, "the bookmark there")
        wait_until(lambda: acknowledged(self.central, "bascule-store-42-central"), "its end")

    def killed(self, comes_back, what):
        """`what` happens to the broker before the bridge is back."""
        self.line.cut()
        comes_back()
        if not self.central.running:
            self.central.start()
        what()
        if self.headquarters:
            self.headquarters.leave()
        self.headquarters = self.stage.receiver(self.central, "stores/#", "bascule/+/events")
        self.line.restore()
        self.bascule.wait_link("central", "up")
        self.till.publish(SALE, self.sold + 1)
        self.sold += 1
        self.headquarters.wait_payload(str(self.sold))
        self.bascule.wait_drained()

    def losses(self):
        """In its lane; the bridge's events have one of their own."""
        return [(row["reason"], row["first"], row["last"]) for row in self.bascule.losses()
                if row["lane"] == "default"]

    def again(self):
        """What has come again, by number: the messages themselves say so."""
        return [int(one.payload) for one in self.headquarters.all
                if one.user.get("bascule-replayed") == "1"]


with Stage() as stage:
    shop = Shop(stage)
    shop.sells(20)
    shop.central.wait_saved()

    # mosquitto's way: session and bookmark from before 21 to 30.
    shop.central.copy_store()
    shop.sells(10)
    shop.killed(shop.central.put_back, lambda: None)
    assert shop.again() == list(range(21, 31)), shop.again()
    assert shop.bascule.link("central")["forgot"]["evidence"] == "bookmark"

    # ejabberd's: of what may be lost, 21 to 30 have come twice.
    shop.wait_bookmarked()
    shop.central.wait_saved()
    shop.killed(shop.central.kill, lambda: session_ends(shop.central, "bascule-store-42-central"))
    assert shop.again() == [*range(1, 21), 31], shop.again()
    forgot = shop.bascule.link("central")["forgot"]
    assert (forgot["sessions"], forgot["evidence"]) == (1, "session-gone"), forgot
    assert shop.losses() == [("not_resent", 21, 30)], shop.losses()
    status = shop.bascule.status()["losses"]
    assert status["messages"] == 0 and status["not_resent"] >= 10, status
    assert "journal replay" in shop.bascule.cli("status").stdout
    assert "bascule journal replay --lane default --direction up" in shop.bascule.log()

    wait_until(lambda: [one for one in shop.headquarters.internal if '"not_resent"' in one.payload],
               "the event about them")

    done = shop.bascule.cli("journal", "replay")
    assert done.returncode == 0 and "10 messages from 21-30 go again" in done.stdout, done
    wait_until(lambda: shop.again()[-10:] == list(range(21, 31)), "21 to 30 once more")
    assert shop.losses() == [], shop.losses()
    assert shop.bascule.cli("journal", "replay", "--from", "5", "--to", "6").returncode == 0
    wait_until(lambda: shop.again()[-2:] == [5, 6], "5 and 6 once more")
    assert shop.bascule.cli("journal", "replay", "--lane", "none").returncode == 1
    shop.bascule.wait_drained()
    assert shop.bascule.cli("journal", "replay").returncode == 0  # there is nothing, and no harm

# RabbitMQ's other way: the session is whole, and the bookmark an older one.
with Stage() as stage:
    shop = Shop(stage, broker="rabbitmq")
    shop.sells(20)
    watcher = stage.receiver(shop.central, BOOKMARK, name="watcher")
    wait_until(lambda: watcher.internal, "the bookmark")
    older = watcher.internal[0].payload
    watcher.leave()
    shop.sells(10)
    shop.central.wait_saved()
    shop.killed(shop.central.kill, lambda: keep_bookmark(stage, shop.central, older))
    assert shop.again() == [], shop.again()
    forgot = shop.bascule.link("central")["forgot"]
    assert (forgot["bookmarks"], forgot["evidence"]) == (1, "session-there"), forgot
    command = "journal replay --lane default --direction up --from 21 --to 30"
    assert f"bascule {command}" in shop.bascule.log()
    assert shop.bascule.cli(*command.split()).returncode == 0
    wait_until(lambda: shop.again() == list(range(21, 31)), "21 to 30, by command")

    # And gone.
    shop.wait_bookmarked()
    shop.central.wait_saved()
    shop.killed(shop.central.kill, lambda: keep_bookmark(stage, shop.central, ""))
    assert shop.again() == [], shop.again()
    forgot = shop.bascule.link("central")["forgot"]
    assert (forgot["bookmarks"], forgot["sessions"]) == (2, 0), forgot
    assert forgot["evidence"] == "session-there", forgot

# Elsewhere the store may be from before there was one.
with Stage() as stage:
    shop = Shop(stage)
    shop.sells(20)
    shop.central.wait_saved()
    shop.killed(shop.central.kill, lambda: keep_bookmark(stage, shop.central, ""))
    assert shop.again() == list(range(1, 21)), shop.again()
    forgot = shop.bascule.link("central")["forgot"]
    assert (forgot["bookmarks"], forgot["evidence"]) == (1, "bookmark"), forgot
