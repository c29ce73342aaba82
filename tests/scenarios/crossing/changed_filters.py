"""What a session was subscribed to by an earlier configuration goes: each message crosses once,
what was queued for the former filters is not dropped in silence, and nothing comes that no route
wants. Overlapping routes subscribe to no more than they are, and their messages cross once.

P5, P8; fault: a session keeps every filter ever subscribed
"""
import shutil
import time

from stage import Stage, holds_for, wait_until


def routes(direction, *patterns):
    return [{"name": f"route-{number}", "direction": direction, "from": pattern}
            for number, pattern in enumerate(patterns)]


def change(bascule, *patterns):
    bascule.terminate()
    bascule.settings["routes"] = routes("up", *patterns)
    bascule.write()


def received(bascule, direction="up"):
    return bascule.counters(direction)["received"]


for protocol in ("auto", "3.1.1"):
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        headquarters = stage.receiver(central, "a/#")
        link = {"protocol": protocol}
        bascule = stage.bascule(site, central, routes=routes("up", "a/{rest...}"), site_link=link)
        till = stage.publisher(site)
        till.publish("a/b/1", "first")
        headquarters.wait_payload("first")

        change(bascule, "a/b/{rest...}")
        till.publish("a/b/2", "queued")
        till.publish("a/c/2", "not wanted any more")
        till.wait_acknowledged()
        bascule.start()
        till.publish("a/b/3", "live")
        headquarters.wait_payload("live")
        wait_until(lambda: bascule.counters("up")["refused"] == 1, "the former filter's message")
        assert bascule.counters("up")["unrouted"] == 0
        assert "no route wants a/c/2 any more" in bascule.log()
        before = received(bascule)
        till.publish("a/c/4", "nobody wants it")
        till.publish("a/b/4", "last")
        headquarters.wait_payload("last")
        assert holds_for(lambda: received(bascule) == before + 1, 1), "the old filter is still held"
        payloads = [one.payload for one in headquarters.all]
        assert payloads == ["first", "queued", "live", "last"], payloads

        # Wider again: no gap, and no repeats of what both filters bring.
        change(bascule, "a/b/{rest...}", "a/{rest...}")
        till.publish("a/b/5", "wider")
        till.wait_acknowledged()
        bascule.start()
        till.publish("a/b/6", "both")
        till.publish("a/c/6", "one")
        headquarters.wait_payload("one")
        payloads = [one.payload for one in headquarters.all][4:]
        assert payloads == ["wider", "both", "one"], payloads

        # A journal that does not know the session.
        change(bascule, "a/b/{rest...}")
        shutil.rmtree(bascule.data_dir)
        bascule.start()
        till.publish("a/c/7", "stray")
        wait_until(lambda: "it is taken back" in bascule.log(), "a warning")
        wait_until(lambda: bascule.counters("up")["refused"] == 1, "the stray one set aside")

        def no_more():
            marker = f"marker {time.monotonic()}"
            count = received(bascule)
            till.publish("a/c/8", "again")
            till.publish("a/b/8", marker)
            headquarters.wait_payload(marker)
            return received(bascule) == count + 1
        wait_until(no_more, "the unknown filter to be gone")

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    shop = stage.receiver(site, "stores/#")
    bascule = stage.bascule(site, central, routes=routes(
        "down", "stores/store-42/{rest...}", "stores/+/broadcast"))
    office = stage.publisher(central)
    for store in range(20):
        office.publish(f"stores/{store}/price", "for others")
    office.publish("stores/store-42/broadcast", "for both routes")
    office.publish("stores/7/broadcast", "for all")
    office.publish("stores/store-42/price", "ours")
    shop.wait_payload("ours")
    payloads = [one.payload for one in shop.all]
    assert payloads == ["for both routes", "for all", "ours"], payloads
    count = bascule.counters("down")
    assert count["unrouted"] == 0 and count["received"] == 3 + count["repeats"], count

# Another client id: what its old session holds at the broker would be forgotten without a word.
with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    bascule = stage.bascule(site, central, site_link={"client_id": "before"})
    bascule.terminate()
    bascule.settings["site"]["client_id"] = "now"
    bascule.write()
    bascule.start()
    assert "client_id was before before; what its session at" in bascule.log()
