"""Central has two addresses, and the first one is dead. The bridge takes the other one at once,
says so, and goes back to the first when that is there again, with the session that both have. When
both are away, each is named.

R3 R4
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    first, second = stage.line(central), stage.line(central)
    first.cut()
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central, central_link={"url": [first.url, second.url]})
    till = stage.publisher(site)

    def broker_is(url):
        wait_until(lambda: bascule.link("central")["broker"] == url and
                   bascule.link("central")["state"] == "up", lambda: f"up at {url}")

    broker_is(second.url)
    assert f"{first.url}: cannot connect" in bascule.log(), bascule.log()
    till.publish_numbered(SALE, 1, 100)
    headquarters.expect(range(1, 101))

    first.restore()
    broker_is(first.url)
    assert f"{first.url} can be reached again; it goes back there" in bascule.log()
    till.publish_numbered(SALE, 101, 200)
    headquarters.expect(range(1, 201))

    first.cut()
    broker_is(second.url)
    till.publish_numbered(SALE, 201, 300)
    headquarters.expect(range(1, 301))

    second.cut()
    till.publish_numbered(SALE, 301, 400)
    wait_until(lambda: all(f"{line.url}: " in bascule.link("central")["last_error"]
                           for line in (first, second)), "an error that names both")
    second.restore()
    headquarters.expect(range(1, 401))
    bascule.wait_drained()
    assert central.visits("bascule-store-42-central") >= 4, central.log()
    began = [line for line in bascule.log().splitlines()
             if "link central: up" in line and "a new session" in line]
    assert len(began) == 1 and second.url in began[0], began

    # Another order, and one more address, are still the same broker: its session goes on.
    bascule.terminate()
    bascule.settings["central"]["url"] = [second.url, first.url, central.url]
    bascule.write()
    bascule.start()
    broker_is(second.url)
    till.publish_numbered(SALE, 401, 500)
    headquarters.expect(range(1, 501))
    assert " before; what that broker holds" not in bascule.log(), "another broker"
    assert bascule.counters("up")["repeats"] == 0, bascule.counters("up")
