"""What a policy emits is too large: for `max_payload`, or for the far broker, over MQTT 5, which
says so, and over 3.1.1, where the broker hangs up. The first is refused and its input quarantined,
the second quarantined, the third held with its topic: each counted and told in one word, the link
stays, and what comes behind crosses.

P8 P9; fault: oversized message
"""
from stage import Stage, test_plugin, wait_until

ROUTES = [{"name": "all", "direction": "up", "from": "in/{rest...}", "policy": "faulty"}]
SMALL, LARGE, HUGE = "s" * 100, "l" * 20_000, "h" * 65_530


def emits(bascule, headquarters, till, payload, topic):
    """The policy adds a space and a number; then something small on another topic."""
    till.publish(topic, payload)
    till.publish("in/next", SMALL + payload[0] + str(len(headquarters.all)))
    wait_until(lambda: bascule.policy("faulty")["up"]["backlog"] == 0, "the policy to decide")


def play(stage, name, version):
    site = stage.broker(f"{name}-site")
    central = stage.broker(f"{name}-central", options=["max_packet_size 10000"])
    headquarters = stage.receiver(central, "in/#", name=f"{name}-headquarters")
    bascule = stage.bascule(
        site, central, bridge_id=name, routes=ROUTES, journal={"max_payload": "64KiB"},
        central_link={"protocol": version},
        policies={"faulty": {"plugin": test_plugin("faulty"), "timeout": "5s"}})
    till = stage.publisher(site, name=f"{name}-till")

    emits(bascule, headquarters, till, HUGE + "123456", "in/huge")
    headquarters.wait_count(1)
    shown = bascule.cli("journal", "quarantine", "list").stdout
    assert "a payload of 65538 bytes is over max_payload" in shown, shown
    assert bascule.policy("faulty")["up"]["quarantined"] == 1
    assert "65538 bytes is over max_payload" in bascule.log()

    emits(bascule, headquarters, till, LARGE, "in/large")
    headquarters.wait_count(2)
    assert all("s" * 100 in payload for payload in headquarters.payloads())
    return bascule


with Stage() as stage:
    bascule = play(stage, "five", "5")
    listed = bascule.cli("journal", "quarantine", "list").stdout
    assert "larger than the broker's maximum packet size of 10000 bytes" in listed, listed
    assert "larger than the broker's maximum packet size of 10000 bytes" in bascule.log()
    bascule.wait_drained()
    assert bascule.counters("up")["quarantined"] == 2, bascule.counters("up")
    assert bascule.link("central")["reconnects"] == 0, bascule.link("central")
    bascule.check_books()

    bascule = play(stage, "three", "3.1.1")
    wait_until(lambda: bascule.held() == {"in/large": 1}, "the large one held")
    assert "in/large" in bascule.cli("status").stdout
    bascule.check_books()
    # It looked for the one at fault, and tries that again after five seconds.
    assert bascule.link("central")["reconnects"] <= 10, bascule.link("central")
