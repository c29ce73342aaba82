"""A real bascule between a mosquitto and another broker, with outages of that broker: everything
arrives, in order, the books balance; what makes the broker hang up is held."""
from checks import TOPICS, forgets, verdict
from others import credentials
from stage.waiting import wait_until


def first_arrivals(receiver, topic, last, may_lose):
    """Waits for everything from 1 to last; without stamps some may come twice. Returns them in
    the order in which each came first."""
    came = lambda: list(dict.fromkeys(one.payload for one in receiver.all if one.topic == topic))
    try:
        wait_until(lambda: len(came()) >= last,
                   lambda: f"{receiver.name}: {last} messages, has {len(came())}", 60)
    except AssertionError:
        if not may_lose:
            raise
    return came()


def crossing(stage, broker):
    login, link = credentials(broker)
    site, line = stage.broker("site"), stage.line(broker)
    bridge = stage.bascule(site, line, central_link=link, routes=[
        {"name": "up", "direction": "up", "from": "up/#"},
        {"name": "down", "direction": "down", "from": "down/#"}])
    till, kitchen = stage.publisher(site), stage.receiver(site, "down/#", name="kitchen")
    office = stage.publisher(broker, "office", protocol=4, **login)
    headquarters = stage.receiver(broker, "up/#", protocol=4, **login)

    def both(first, last):
        till.publish_numbered("up/1", first, last)
        office.publish_numbered("down/1", first, last)

    def arrived(last):
        """A broker that loses or reorders what it has taken does so; for all others this must be
        everything, in order."""
        words = set()
        for receiver, topic in (headquarters, "up/1"), (kitchen, "down/1"):
            came = first_arrivals(receiver, topic, last, forgets(broker))
            word = verdict(came, [str(number) for number in range(1, last + 1)])
            assert word == "once" or forgets(broker), f"{receiver.name}: {word}"
            words.add(word)
        return words - {"once"}

    both(1, 200)
    words = arrived(200)

    last = 200
    for end in broker.stop, broker.kill:
        office.wait_acknowledged()
        line.cut()
        office.leave()
        headquarters.leave()
        till.publish_numbered("up/1", last + 1, last + 200)
        end()
        broker.start()
        headquarters.back()
        headquarters.wait_back()
        office.back()
        marks = len(headquarters.all)
        office.publish("up/mark", "back")  # the subscription holds when this comes
        wait_until(lambda: any(one.payload == "back" for one in headquarters.all[marks:]), "back")
        line.restore()
        bridge.wait_up()
        office.publish_numbered("down/1", last + 1, last + 200)
        last += 200
        words |= arrived(last)
    bridge.wait_drained(60)
    reconnects = bridge.link("central")["reconnects"]
    assert reconnects <= 6, f"{reconnects} connections for two outages"

    odd = [f"up/{topic}" for topic in TOPICS]
    for topic in odd:
        till.publish(topic, topic)
    till.publish("up/last", "last")
    wait_until(lambda: any(one.payload == "last" for one in headquarters.all), "the last one", 120)
    # Each has crossed, by whatever name, or is held.
    held = wait_until(lambda: {"of": bridge.held()}
                      if bridge.backlog("up") == sum(bridge.held().values()) else None,
                      lambda: f"nothing but held ones, has {bridge.held()}", 60)["of"]
    assert set(held) <= set(odd), held
    closes = len(held)
    assert bridge.counters("up")["quarantined"] == 0, bridge.counters("up")
    reconnects = bridge.link("central")["reconnects"] - reconnects
    assert reconnects <= 10 * closes, f"{reconnects} connections over {closes} messages"
    bridge.check_books()
    return {"crossing": ", ".join(sorted(words) + [f"{closes} held"] * (closes > 0)) or "all"}
