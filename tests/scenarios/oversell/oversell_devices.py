"""Devices ask over MQTT 5 with a response topic and correlation data, and over 3.1.1 by a topic
made of the request's. Online the authority answers; offline, and when it is too slow, the site
does. The device notices nothing of it; what makes no sense is answered, too.

R1 R7 R9 R21 R23 R26, P4
"""
import json

from stage import Stage, wait_until
from stage.seats import Site, check_messages, hub

with Stage() as stage:
    central = stage.broker("central")
    office = stage.receiver(central, "oversell/#", name="office")
    authority = hub(stage, central, items={"hall": {"capacity": 200}, "club": {"capacity": 200}})
    modern = Site(stage, "modern", central, answer_timeout="1s")
    plain = Site(stage, "plain", central, protocol=4, answer_timeout="1s", offline="refuse")
    for site in modern, plain:
        for item in "hall", "club":
            site.wait_available(item, 200)

    # Online: the authority.
    answer = modern.till.buy("hall", 20, id="mine")
    assert answer.pop("as_of_ms") > 0 and answer.pop("sale").startswith("modern."), answer
    assert answer == {"item": "hall", "quantity": 20, "result": "SELL", "reason": "available",
                      "basis": "authority", "risk": 0.0, "available": 180, "id": "mine"}, answer
    assert plain.till.buy("hall", 150)["available"] == 30
    refused = plain.till.buy("hall", 31)
    assert (refused["result"], refused["reason"]) == ("REFUSE", "sold_out"), refused
    for site in modern, plain:
        site.wait_available("hall", 30)
        assert site.till.buy("other")["reason"] == "no_snapshot"
        assert site.till.buy("hall", "some")["reason"] == "bad_request"

    # A fact of a device, and one of the centre.
    stage.publisher(modern.broker, "door").publish("seats/hall/sold", 9)
    box_office = stage.publisher(central, "box-office")
    box_office.publish("seats/hall/available", "1")
    for site in modern, plain:
        site.wait_available("hall", 22)

    # Offline, each by its own settings. 22 of 200 are over 10 %; the 15 of the club are not.
    assert modern.till.buy("club", 185)["basis"] == "authority"
    modern.wait_available("club", 15)
    modern.cut()
    plain.cut()
    sold = modern.till.buy("hall", 2)
    assert (sold["result"], sold["reason"], sold["basis"]) == ("SELL", "at_risk", "snapshot"), sold
    assert modern.till.buy("hall", 21)["reason"] == "sold_out_local"
    assert modern.till.buy("club")["reason"] == "low_stock"
    assert plain.till.buy("hall")["reason"] == "disconnected"
    assert modern.available("hall") == 20 and plain.available("hall") == 22
    modern.mend()
    plain.mend()
    for site in modern, plain:
        site.wait_available("hall", 20)

    # The line is up and the authority does not answer: the site does, in time; and asks no more
    # until it is heard. When the late answer comes the sale is one, not two.
    box_office.publish("seats/hall/available", "80")
    for site in modern, plain:
        site.wait_available("hall", 100)
    authority.freeze()
    slow = modern.till.buy("hall")
    assert (slow["result"], slow["basis"]) == ("SELL", "snapshot"), slow
    number = modern.till.ask("hall")
    wait_until(lambda: modern.till.answers_to(number), "an answer at once")
    authority.thaw()
    plain.wait_available("hall", 98)
    wait_until(lambda: modern.till.buy("hall")["basis"] == "authority", "the authority again")
    for site in modern, plain:
        numbers = [number for number, _ in site.till.answers]
        assert len(numbers) == len(set(numbers)), "an answer came twice"
    for bridge in authority, modern.bridge, plain.bridge:
        bridge.wait_drained()
    explained = modern.bridge.cli("policy", "explain", "1", "--json")
    assert "asked" in json.loads(explained.stdout)["verdict"], explained.stdout
    check_messages(office, modern, plain)
