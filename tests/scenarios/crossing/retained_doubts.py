"""What looks like cleared retained values, and is none: an answer of which the broker drops most,
an access list that hides them from the connection that asks, one that denies the bridge its mark, a
topic that crosses both ways, a mark that is lost on the way. And a broker that does not let the
bridge in a second time: that costs a warning, and never the link.

R2 (state), P9
"""
from stage import Stage, holds_for, retained_at, wait_until

DOWN = [{"name": "settings", "direction": "down", "from": "store/cfg/{rest...}",
         "to": "cfg/{rest...}"}]


def kept(broker, start):
    return {topic: payload for topic, payload in retained_at(broker).items()
            if topic.startswith(start)}


def becomes(broker, start, expected, deadline_s=60):
    def differs():
        has = kept(broker, start)
        return {topic: (has.get(topic), expected.get(topic)) for topic in {*has, *expected}
                if has.get(topic) != expected.get(topic)}
    wait_until(lambda: not differs(), lambda: f"{broker.name} to retain it, differs in "
               f"{len(differs())}: {list(differs().items())[:5]}", deadline_s)


def retained(bascule, link="central"):
    return bascule.link(link)["retained"]


def compared(bascule, link="central"):
    """When the last comparison ended."""
    return retained(bascule, link)["compared"]


def wait_compared(bascule, link="central"):
    wait_until(lambda: compared(bascule, link), "a comparison")


def whole_answers_are_rare():
    """The line is slow, and the broker drops what finds no room: also of new connections."""
    with Stage() as stage:
        site = stage.broker("site")
        central = stage.broker("central", options=["max_queued_messages 1000"])
        line = stage.line(central)
        office = stage.publisher(central, "office")
        bascule = stage.bascule(site, line, routes=DOWN)
        wait_compared(bascule)
        values = {f"{number:04}": f"{number} " + "x" * 2_000 for number in range(4_000)}
        for number, payload in values.items():
            office.publish(f"store/cfg/{number}", payload, retain=True)
            if number.endswith("00"):
                office.wait_acknowledged()
                bascule.wait_drained()
        expected = {f"cfg/{number}": payload for number, payload in values.items()}
        becomes(site, "cfg/", expected)
        received = bascule.counters("down")["received"]
        before = retained(bascule)  # a comparison may have come while these were published

        line.cut()
        bascule.wait_link("central", "down")
        for number in "0007", "2007", "3990":
            office.publish(f"store/cfg/{number}", "new", qos=0, retain=True)
            expected[f"cfg/{number}"] = "new"
        for number in "0005", "3995":
            office.publish(f"store/cfg/{number}", "", qos=0, retain=True)
            del expected[f"cfg/{number}"]
        office.publish("done", "")  # behind those
        office.wait_acknowledged()
        line.delay_s = 0.1
        line.restore()
        becomes(site, "cfg/", expected)
        wait_until(lambda: "left" in (retained(bascule)["why"] or ""),
                   lambda: f"word of what was left out: {retained(bascule)}", 60)
        line.delay_s = 0
        has = retained(bascule)
        found = [has[kind] - before[kind] for kind in ("changed", "cleared")]
        assert has["state"] == "same" and found == [3, 2], (before, has)
        assert bascule.counters("down")["received"] == received + 3
        assert kept(site, "cfg/") == expected


def hidden():
    """The access list knows client ids: what the session is brought, the other connection is not.
    And it denies the mark, later."""
    with Stage() as stage:
        site = stage.broker("site")
        lists = stage.folder / "by-client.acl"
        own = "topic readwrite bascule/#\n"
        theirs = "topic write cfg/#\npattern read cfg/%c/#\n"
        lists.write_text(own + theirs)
        central = stage.broker("central", options=[f"acl_file {lists}"])
        routes = [{"name": "settings", "direction": "down", "from": "cfg/box/{item}",
                   "to": "cfg/{item}"}]
        office = stage.publisher(central, "office")
        line = stage.line(central)
        bascule = stage.bascule(site, line, routes=routes, central_link={"client_id": "box"})
        wait_compared(bascule)
        expected = {}
        for item in "abcd":
            office.publish(f"cfg/box/{item}", item, retain=True)
            expected[f"cfg/{item}"] = item
        becomes(site, "cfg/", expected)
        before = compared(bascule)
        line.hang_up()
        wait_until(lambda: compared(bascule) != before and retained(bascule)["state"] == "same",
                   "a comparison")
        has = retained(bascule)
        assert "box-retained" in has["why"], has
        assert has["cleared"] == 0, has
        becomes(site, "cfg/", expected)

        lists.write_text(theirs + "topic readwrite bascule/store-42/state\n"
                         "topic readwrite bascule/store-42/bookmark/up\n")
        central.reload()
        line.hang_up()
        wait_until(lambda: retained(bascule)["state"] == "failed",
                   lambda: f"a failure: {retained(bascule)}", 60)
        bascule.wait_link("central", "up")
        assert "bookmark/retained" in bascule.log(), "no advice"
        assert "refuses what the bridge says on bascule/store-42/summary" in bascule.log()
        becomes(site, "cfg/", expected)


def mark_is_lost():
    """Nothing is believed to be gone meanwhile; then it is, without another gap."""
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        line = stage.line(central)
        office = stage.publisher(central, "office")
        line.loses = lambda packet: packet[0] == 0x31 and b"/bookmark/retained" in packet
        bascule = stage.bascule(site, line, routes=DOWN)
        wait_compared(bascule)
        office.publish("store/cfg/a", "1", retain=True)
        becomes(site, "cfg/", {"cfg/a": "1"})
        line.cut()
        bascule.wait_link("central", "down")
        office.publish("store/cfg/a", "", qos=0, retain=True)
        becomes(central, "store/", {})
        line.restore()
        wait_until(lambda: retained(bascule)["state"] == "failed",
                   lambda: f"a failure: {retained(bascule)}", 120)
        becomes(site, "cfg/", {"cfg/a": "1"})
        line.loses = None
        becomes(site, "cfg/", {}, deadline_s=300)
        wait_until(lambda: retained(bascule)["state"] == "same",
                   lambda: f"the same on both sides: {retained(bascule)}", 60)


def both_ways():
    """What came from the other side is there: it is not taken for cleared."""
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        line = stage.line(central)
        office, hall = stage.publisher(central, "office"), stage.publisher(site, "hall")
        bascule = stage.bascule(site, line, routes=[
            {"name": "shared", "direction": "both", "from": "lamp/{name}"}])
        wait_compared(bascule)
        wait_compared(bascule, "site")
        office.publish("lamp/a", "off", retain=True)
        office.publish("lamp/b", "off", retain=True)
        becomes(site, "lamp/", {"lamp/a": "off", "lamp/b": "off"})
        hall.publish("lamp/a", "on", retain=True)
        becomes(central, "lamp/", {"lamp/a": "on", "lamp/b": "off"})
        before = compared(bascule)
        line.cut()
        bascule.wait_link("central", "down")
        office.publish("lamp/b", "", qos=0, retain=True)
        becomes(central, "lamp/", {"lamp/a": "on"})
        line.restore()
        becomes(site, "lamp/", {"lamp/a": "on"})
        becomes(central, "lamp/", {"lamp/a": "on"})
        wait_until(lambda: compared(bascule) != before, "a comparison")
        assert holds_for(lambda: kept(site, "lamp/") == kept(central, "lamp/") == {"lamp/a": "on"},
                         2), (kept(site, "lamp/"), kept(central, "lamp/"))


def only_once():
    """The broker lets a client in once: the link stays up, and what is live crosses. It is tried
    again after some time."""
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        line = stage.line(central)
        line.only_one = "first"
        office = stage.publisher(central, "office")
        bascule = stage.bascule(site, line, routes=DOWN)
        reconnects = bascule.link("central")["reconnects"]
        office.publish("store/cfg/a", "1", retain=True)
        becomes(site, "cfg/", {"cfg/a": "1"})
        wait_until(lambda: retained(bascule)["state"] == "failed",
                   lambda: f"a failure: {retained(bascule)}", 60)
        status = bascule.link("central")
        assert status["state"] == "up" and status["reconnects"] == reconnects, status
        assert "retained values" in bascule.cli("status").stdout
        assert "store-42-central-retained" in bascule.log(), "no advice"

        # It throws out who was there before: the link pays for it three times, and no more.
        bascule.terminate()
        line.only_one = "last"
        bascule.start()
        wait_until(lambda: "in a row while the broker was asked" in bascule.log(), "a pause", 60)
        bascule.wait_link("central", "up")
        reconnects = bascule.link("central")["reconnects"]
        office.publish("store/cfg/a", "2", retain=True)
        becomes(site, "cfg/", {"cfg/a": "2"})
        assert holds_for(lambda: bascule.link("central")["reconnects"] == reconnects, 5)


whole_answers_are_rare()
hidden()
mark_is_lost()
both_ways()
only_once()
