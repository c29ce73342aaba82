"""What a session at the broker is subscribed to follows the routes: a filter of an earlier
configuration goes, also one that the journal does not know, and a message crosses once whatever
overlaps.

K1: a session keeps every filter ever subscribed
"""
import shutil
import time

from checks import waits
from others import credentials
from stage.waiting import wait_until

DEADLINE_S = 60


def routes(*patterns):
    return [{"name": f"route-{number}", "direction": "down", "from": pattern}
            for number, pattern in enumerate(patterns)]


def subscriptions(stage, broker):
    login, link = credentials(broker)
    site = stage.broker("site")
    kitchen = stage.receiver(site, "a/#", name="kitchen")
    office = stage.publisher(broker, "office", protocol=4, **login)
    bridge = stage.bascule(site, broker, central_link=link, routes=routes("a/{rest...}"))
    office.publish("a/b/1", "first")
    kitchen.wait_payload("first", DEADLINE_S)

    def change(*patterns):
        bridge.terminate()
        bridge.settings["routes"] = routes(*patterns)
        bridge.write()

    def only_wanted():
        """Of a message that the former filter took, and one that the new one does, one comes."""
        before = bridge.counters("down")["received"]
        marker = f"marker {time.monotonic()}"
        office.publish("a/c/8", "not wanted")
        office.publish("a/b/8", marker)
        kitchen.wait_payload(marker, DEADLINE_S)
        return bridge.counters("down")["received"] == before + 1

    def times(*payloads):
        """How often the one that came most often did; each has come."""
        came = [one.payload for one in kitchen.all]
        assert all(payload in came for payload in payloads), (payloads, came)
        return {1: "once", 2: "twice"}[max(came.count(payload) for payload in payloads)]

    answers = {}
    change("a/b/{rest...}")
    office.publish("a/b/2", "queued")
    office.publish("a/c/2", "not wanted any more")
    office.wait_acknowledged(DEADLINE_S)
    bridge.start()
    office.publish("a/b/3", "live")
    kitchen.wait_payload("live", DEADLINE_S)
    gone = waits(only_wanted, DEADLINE_S)
    answers["narrowed route crosses"] = times("queued", "live")
    answers["its former filter"] = "gone" if gone else "stays"

    change("a/b/{rest...}", "a/{rest...}")
    bridge.start()
    office.publish("a/b/5", "both")
    office.publish("a/c/5", "one")
    kitchen.wait_payload("one", DEADLINE_S)
    answers["overlapping routes cross"] = times("both", "one")

    change("a/b/{rest...}")
    shutil.rmtree(bridge.data_dir)
    bridge.start()
    answers["filter of an unknown session"] = "gone" if waits(only_wanted, DEADLINE_S) else "stays"
    wait_until(lambda: bridge.backlog("down") == 0, "an empty backlog")
    return answers
