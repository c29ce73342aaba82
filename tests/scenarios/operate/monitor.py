"""What a monitor is told: `bascule status --check` in ten bad situations, with the exit code of
each and the reason in its words.

P9; the contract's "The CLI"
"""
from stage import SALE, Stage, wait_until

OK, WARNING, CRITICAL, UNKNOWN = range(4)


def told(bascule, code, *words):
    """What a monitor sees, once it has the code and the words."""
    def seen():
        return bascule.cli("status", "--check")
    wait_until(lambda: (one := seen()).returncode == code and all(
        word in " ".join(one.stdout.split()) for word in words),
        lambda: f"{code} {words}: {seen()}")
    last = seen()
    print(f"--- exit code {last.returncode}", last.stdout.rstrip(), sep="\n")


with Stage() as stage:
    site = stage.broker("site")

    def bridge(name, **more):
        """With a central broker and a line of its own."""
        centre = stage.broker(f"central-{name}", **more.pop("broker", {}))
        line = stage.line(centre)
        link = {**more.pop("site_link", {}), "client_id": name}
        return stage.bascule(site, line, bridge_id=name, site_link=link, **more), line, centre

    till = stage.publisher(site)

    print("the line is cut")
    bascule, line, _ = bridge("line", lanes={"sales": {"ttl": "1s"}}, routes=[
        {"name": "sales", "direction": "up", "from": "line/{rest...}", "to": "line/{rest...}",
         "lane": "sales"}])
    told(bascule, OK, "OK")
    line.cut()
    told(bascule, WARNING, "DEGRADED central: down for")

    print("losses by ttl")
    till.publish("line/1", "late")
    till.wait_acknowledged()
    wait_until(bascule.losses, "a loss")
    line.restore()
    bascule.wait_link("central", "up", "slow")
    told(bascule, WARNING, "DEGRADED 1 message lost so far, the last")

    print("no daemon")
    bascule.terminate()
    told(bascule, CRITICAL, "FAILING no daemon answers")

    print("a message is quarantined")
    bascule, line, _ = bridge("refused")
    line.refuse = lambda topic: {"stores/refused/pos/till-1/sale": 0x99,
                                 "stores/refused/pos/till-1/held": 0x87}.get(topic, 0)
    till.publish(SALE, "never")
    told(bascule, WARNING, "DEGRADED", "1 message in quarantine")

    print("a topic is held")
    till.publish("pos/till-1/held", "later")
    told(bascule, WARNING, "DEGRADED", "1 message held: the broker refuses 1 topic")
    bascule.terminate()

    print("a broker that forgets")
    bascule, line, centre = bridge("forgets", broker={"persistence": False})
    till.publish_numbered(SALE, 1, 20)
    wait_until(lambda: bascule.lane("up")["bookmark"] >= 20, "a bookmark at the centre")
    centre.kill()
    bascule.wait_link("central", "down")
    centre.start()
    told(bascule, WARNING, "DEGRADED central: this broker forgets: it lost this bridge's session",
         "once")
    told(bascule, WARNING, "'bascule acknowledge central' once it is mended")
    assert bascule.cli("acknowledge", "site").stdout == "there is nothing to acknowledge\n"
    done = bascule.cli("acknowledge", "central", "--by", "ann")
    assert done.returncode == 0 and done.stdout.startswith("central: acknowledged, as of "), done
    told(bascule, OK, "OK")
    assert "is acknowledged by ann" in bascule.log(), bascule.log()[-2000:]
    bascule.terminate()
    bascule.start()
    told(bascule, OK, "OK")
    assert bascule.link("central")["forgot"]["acknowledged"], bascule.link("central")
    till.publish_numbered(SALE, 21, 40)
    wait_until(lambda: bascule.lane("up")["bookmark"] >= 40, "a bookmark at the centre")
    centre.kill()
    bascule.wait_link("central", "down")
    centre.start()
    told(bascule, WARNING, "this broker forgets: it lost this bridge's session 2 times")
    bascule.terminate()

    print("a blind spot")
    bascule, line, _ = bridge("blind", start=False)
    line.refuse = lambda topic: 0x87 if topic.startswith("bascule/") else 0
    bascule.start()
    told(bascule, WARNING, "DEGRADED", "goes unnoticed")
    bascule.terminate()

    print("the journal is full")
    bascule, line, _ = bridge("full", journal={"max_size": "1MiB", "max_payload": "64KiB"})
    line.cut()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 1, 100, text="{} " + "x" * 20_000)
    told(bascule, CRITICAL, "FAILING", "the journal is full")
    bascule.terminate()

    print("a policy is missing, and its messages wait")
    bascule, line, _ = bridge("orphans", routes=[
        {"name": "in", "direction": "up", "from": "seats/{rest...}", "policy": "seats"}], policies={
            "seats": {"plugin": "template", "gate": "caught up", "options": {"min": 0, "max": 0}}})
    line.cut()
    bascule.wait_link("central", "down")
    till.publish("seats/1", "20")
    wait_until(lambda: bascule.counters("up")["pending"] == 1, "the message in the journal")
    bascule.terminate()
    line.restore()
    bascule.settings["routes"] = [
        {"name": "in", "direction": "up", "from": "other/{rest...}", "to": "other/{rest...}"}]
    del bascule.settings["policies"]
    bascule.write()
    bascule.start()
    told(bascule, WARNING, "DEGRADED", "put it back, or take them out")
    bascule.terminate()

    print("what a monitor cannot know")
    assert bascule.cli("status", "--check", "--bogus").returncode == UNKNOWN
    bascule.config.write_text("bridge: {id: two words}\n")
    told(bascule, UNKNOWN, "UNKNOWN")
