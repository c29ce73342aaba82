"""A mistake in the central broker's access list refuses a topic to which 2,000 messages wait. They
are held, through a kill -9 and an orderly restart of the bridge, while other topics cross; `status`
says so first, and `journal show` says why. Once the list is mended they cross by themselves, in
order, and nothing is quarantined or lost. With a broker that answers, and with one that hangs up
over what comes behind its answer (mosquitto with max_queued_messages 0).

P1 P2 P8 P9; fault: refused by ACL, then mended
"""
from stage import Stage, wait_until

WAITING = 2_000
RIGHT = "topic readwrite bascule/#\ntopic read #\ntopic write stores/store-42/{}\n"


def play(stage, name, options):
    rules = stage.folder / f"{name}.acl"
    rules.write_text(RIGHT.format("till/#"))
    site = stage.broker(f"{name}-site")
    central = stage.broker(f"{name}-central", options=[f"acl_file {rules}", *options])
    headquarters = stage.receiver(central, "stores/#", name=f"{name}-headquarters")
    bascule = stage.bascule(site, central, bridge_id=name, start=False, routes=[
        {"name": "all", "direction": "up", "from": "{rest...}", "to": "stores/store-42/{rest...}"}])
    shop = stage.publisher(site, name=f"{name}-shop")
    bascule.start()
    bascule.terminate()
    shop.publish_numbered("stock/7", 1, WAITING)
    shop.publish_numbered("till/1", 1, 200, text="till {}")
    shop.wait_acknowledged()

    bascule.start()
    headquarters.expect([f"till {number}" for number in range(1, 201)], "stores/store-42/till/1")
    bascule.wait_held({"stores/store-42/stock/7": WAITING})
    bascule.check_books()
    shown = bascule.cli("status").stdout
    assert shown.index("stores/store-42/stock/7") < shown.index("LINK"), shown
    assert "not authorized (0x87)" in shown, shown
    lines = bascule.log().count("refuses topic")
    assert lines == 1, f"{lines} lines of log for one topic"

    bascule.kill()
    shop.publish("stock/7", WAITING + 1)
    shop.publish("till/1", "till 201")
    bascule.start()
    headquarters.wait_payload("till 201")
    bascule.wait_held({"stores/store-42/stock/7": WAITING + 1})
    bascule.check_books()
    assert bascule.terminate() == 0
    held = bascule.cli("journal", "show", "--count", "1", "--from", "1").stdout
    assert "held: not authorized (0x87)" in held, held
    bascule.start()
    assert headquarters.payloads("stores/store-42/stock/7") == []

    rules.write_text(RIGHT.format("#"))
    central.reload()
    headquarters.expect(range(1, WAITING + 2), "stores/store-42/stock/7", deadline_s=90)
    bascule.wait_drained()
    wait_until(lambda: bascule.held() == {}, "nothing held")
    count = bascule.counters("up")
    assert count["quarantined"] == 0 and count["forwarded"] == WAITING + 202, count
    events = [one.payload for one in headquarters.internal if one.topic == f"bascule/{name}/events"]
    bascule.check_books()
    return events


with Stage() as stage:
    play(stage, "answers", ["max_queued_messages 100000"])
    play(stage, "hangs-up", [])
