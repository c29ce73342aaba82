"""At a broker that is not the operator's own the bridge is a guest: it speaks for itself where it
may, or not at all; publishes at no more QoS than agreed, without the retain flag, no faster than
the rate; and what the service would not take is quarantined, not sent. By the broker's own log.

P1 P8 P9
"""
import re
from collections import Counter

from stage import SALE, Stage, wait_until

PUBLISH = re.compile(r"^(\S+): Received PUBLISH from \S*store-42\S* \(d\d, q(\d), r(\d), m\d+, "
                     r"'(.*?)', \.\.\. \((\d+) bytes\)\)", re.MULTILINE)
ASKED = re.compile(r"^\S+: \t(\S+) \(QoS (\d)\)", re.MULTILINE)
FEW = {"prefix": "devices/42", "state": "alive/42", "bookmark": "off", "events": "off",
       "summary": "off"}
RATE = 20

with Stage() as stage:
    site = stage.broker("site")
    service = stage.broker("service", options=["log_type all"])
    seen = stage.receiver(service, "#", name="watcher")
    bascule = stage.bascule(site, service, central_link={
        "max_qos": 1, "retain": "off", "max_payload": "1KiB", "topic": {"levels": 6, "bytes": 60},
        "rate": {"messages": f"{RATE}/s"}, "own_topics": FEW})
    till = stage.publisher(site, protocol=4)
    log = lambda: PUBLISH.findall(service.log())

    # Own topics: the state where it was put, nothing else, and no will that is retained.
    wait_until(lambda: any(topic == "alive/42" for _, _, _, topic, _ in log()), "the state")
    # What was chosen is told once, and is no warning for ever.
    wait_until(lambda: "'retain: off' leaves no bookmark here" in bascule.log(), "what it costs")
    assert bascule.link("central")["warning"] is None, bascule.link("central")
    assert re.search(r"Will message specified \(7 bytes\) \(r0, q1\)", service.log()), service.log()
    asked = dict(ASKED.findall(service.log()))
    assert asked.get("alive/42") == "1" and asked["stores/store-42/orders/#"] == "1", asked
    assert not any("bookmark" in topic or topic.startswith("bascule/") for topic in asked), asked

    # Each at QoS 1 and without the retain flag, though the till had both.
    till.publish(SALE, "kept", qos=2, retain=True)
    seen.wait_payload("kept")
    assert bascule.link("central")["unretained"] == 1

    # What does not fit, and what does.
    till.publish("pos/1", "x" * 1025)
    till.publish("pos/1/2/3/4", "too deep")
    till.publish("pos/" + "l" * 50, "too long")
    till.publish("pos/1/2/3", "y" * 1024)
    seen.wait_payload("y" * 1024)
    listed = bascule.cli("journal", "quarantine", "list").stdout
    for reason in ("1025 bytes", "7 levels", "70 bytes"):
        assert reason in listed, listed

    # The rate, by the broker's clock; what comes meanwhile waits, and status says for what.
    for number in range(12 * RATE):
        till.publish("pos/rate", str(number))
    wait_until(lambda: bascule.link("central")["held_back"], "the rate to hold messages back")
    seen.wait_payload(str(12 * RATE - 1), deadline_s=120)
    bascule.wait_drained()
    for second, count in Counter(one[0] for one in log()).items():
        assert count <= RATE, f"{count} publishes at {second}"

    assert bascule.terminate() == 0
    said = log()
    assert {qos for _, qos, _, _, _ in said} <= {"0", "1"}, said
    assert {retain for _, _, retain, _, _ in said} == {"0"}, said
    elsewhere = {topic for _, _, _, topic, _ in said if not topic.startswith("stores/")}
    assert elsewhere == {"alive/42"}, elsewhere
    assert all(topic.count("/") < 6 and int(size) <= 1024 for _, _, _, topic, size in said), said
