"""Site and central turn out to be one broker, behind two addresses, and what a route sends is what
it takes: the bridge proves it before anything goes round, and stops with that reason. Where the
topics do not meet it says so, and works.

Fault: loops between routes
"""
from stage import Stage, holds_for, wait_until

ROUND = [{"name": "round", "direction": "up", "from": "a/{rest...}", "to": "a/again/{rest...}"}]
APART = [{"name": "apart", "direction": "up", "from": "a/{rest...}", "to": "b/{rest...}"}]

for protocol in "3.1.1", "auto":
    with Stage() as stage:
        broker = stage.broker("one")
        other_address = stage.line(broker)
        link = {"protocol": protocol}
        bascule = stage.bascule(broker, other_address, start=False, routes=ROUND, site_link=link,
                                central_link=link)
        bascule.start(up=False)
        for name in "site", "central":
            bascule.wait_link(name, "paused")
            assert "are the same broker" in bascule.link(name)["last_error"], bascule.link(name)
        till = stage.publisher(broker)
        till.publish("a/1", "once")
        till.wait_acknowledged()
        assert holds_for(lambda: bascule.counters("up")["forwarded"] == 0, 1), bascule.status()
        assert "site and central are the same broker" in bascule.log()
        assert "FAILING" in bascule.cli("status").stdout
        # Also at a connection anew.
        other_address.hang_up()
        wait_until(lambda: bascule.link("central")["state"] == "paused", "paused again")
        assert bascule.counters("up")["forwarded"] == 0

        bascule.terminate()
        bascule.settings["routes"] = APART
        bascule.write()
        bascule.start()
        receiver = stage.receiver(broker, "b/#")
        till.publish("a/2", "apart")
        receiver.wait_payload("apart")
