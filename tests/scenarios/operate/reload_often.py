"""The file changes ten times a second, under load, with routes that come, go and are narrowed, and
lanes that get other limits: nothing is lost, nothing comes twice at a receiver that numbers, and
neither broker sees another connection; with MQTT 5 and QoS 1, and 3.1.1 and QoS 2. RELOAD_S says
for how long.

R4, P1 P2 P3 P5 P8
"""
import http.client
import json
import os
import socket
import threading
import time

from stage import Stage
from stage.waiting import wait_until

SECONDS = float(os.environ.get("RELOAD_S", "10"))
PACE_S = 0.1
UP = {"name": "sales", "direction": "up", "from": "pos/{rest...}",
      "to": "stores/{bridge.id}/pos/{rest...}"}
NARROW = {**UP, "from": "pos/{till}/sale", "to": "stores/{bridge.id}/pos/{till}/sale"}
TEA = {"name": "tea", "direction": "up", "from": "tea/{rest...}",
       "to": "stores/{bridge.id}/tea/{rest...}", "lane": "tea"}
DOWN = {"name": "orders", "direction": "down", "from": "stores/store-42/orders/{rest...}",
        "to": "orders/{rest...}"}
NEWS = {"name": "news", "direction": "down", "from": "news/{rest...}", "to": "news/{rest...}"}
CHANGES = [
    {"routes": [UP, TEA, DOWN]},
    {"lanes": {"tea": {"priority": 2, "ttl": "9d"}}},
    {"routes": [TEA, NARROW, DOWN, NEWS]},
    {"log": {"level": "debug"}, "journal": {"min_free": "8MiB", "keep_forwarded": "23h"}},
    {"routes": [NARROW, DOWN]},
    {"lanes": {"tea": {"priority": 9}}, "log": {"level": "info"}},
    {"routes": [UP, DOWN, NEWS], "journal": {"min_free": "8MiB"}},
]


class Local(http.client.HTTPConnection):
    """To the control socket: a process for each command would take longer than the pace."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self._path)


def reload(bascule):
    door = Local(bascule.settings["control"]["socket"])
    door.request("POST", "/v1/reload", headers={"Content-Length": "0"})
    answer = json.loads(door.getresponse().read())
    door.close()
    return answer


with Stage() as stage:
    # With its window, mosquitto 2.0.11 lets a new message at QoS 2 overtake those that wait for it.
    window = ["max_inflight_messages 0"]
    site, central = stage.broker("site"), stage.broker("central", options=window)
    headquarters = stage.receiver(central, "stores/+/pos/#", numbered=True)
    shop = stage.receiver(site, "orders/#", name="shop", numbered=True, qos=2)
    bascule = stage.bascule(site, central, routes=[UP, DOWN], lanes={"tea": {"priority": 9}},
                            central_link={"protocol": "3.1.1"})
    till, office = stage.publisher(site), stage.publisher(central, "office")

    def counted():
        return [site.visits("bascule-store-42-site"), central.visits("bascule-store-42-central")]

    before = counted()
    ended, sent = threading.Event(), [0, 0]

    def load(which, publisher, topic, text, qos):
        while not ended.wait(0.002):
            sent[which] += 1
            publisher.publish(topic, text.format(sent[which]), qos)

    loads = [threading.Thread(target=load, args=arguments) for arguments in
             ((0, till, "pos/1/sale", "sale {}", 1),
              (1, office, "stores/store-42/orders/a", "order {}", 2))]
    for work in loads:
        work.start()
    told, end = [], time.monotonic() + SECONDS
    while (begun := time.monotonic()) < end:
        bascule.settings.update(CHANGES[len(told) % len(CHANGES)])
        bascule.write()
        told.append(reload(bascule))
        assert told[-1]["applied"], told[-1]
        assert told[-1]["dropped"] == [], told[-1]
        ended.wait(max(0, begun + PACE_S - time.monotonic()))
    ended.set()
    for work in loads:
        work.join()
    till.wait_acknowledged()
    office.wait_acknowledged()
    headquarters.expect([f"sale {number}" for number in range(1, sent[0] + 1)])
    shop.expect([f"order {number}" for number in range(1, sent[1] + 1)])
    wait_until(lambda: bascule.status() is not None, "an answer")
    bascule.wait_drained()
    assert headquarters.repeats == shop.repeats == 0, (headquarters.repeats, shop.repeats)
    assert counted() == before, (counted(), before)
    took = sorted(one["took_ms"] for one in told)
    print(f"{len(told)} reloads in {SECONDS:.0f} s, {sent[0]} messages up, {sent[1]} down, none "
          f"lost, none repeated, no connection; a reload took {took[len(took) // 2]} ms, at most "
          f"{took[-1]} ms")
