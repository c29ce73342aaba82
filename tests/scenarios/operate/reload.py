"""The file changes while the bridge runs, under load: by `bascule reload` and by SIGHUP. A bad file
changes nothing and says where; what is taken over loses and repeats nothing, twenty times, with a
route that comes and goes, and no connection is dropped; a link that changed connects again, and the
other one stays; limits that would give something up are refused.

R4, P1 P2 P3 P8; fault: typo on reload
"""
import json
import threading

from stage import Stage
from stage.waiting import wait_until

TIMES = 20
UP = {"name": "sales", "direction": "up", "from": "pos/{rest...}",
      "to": "stores/{bridge.id}/pos/{rest...}"}
MORE = {"name": "tea", "direction": "up", "from": "tea/{rest...}",
        "to": "stores/{bridge.id}/tea/{rest...}", "lane": "tea"}
DOWN = {"name": "orders", "direction": "down", "from": "stores/store-42/orders/{rest...}",
        "to": "orders/{rest...}"}

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/+/pos/#", "stores/+/tea/#")
    shop = stage.receiver(site, "orders/#", name="shop")
    bascule = stage.bascule(site, central, routes=[UP, DOWN], lanes={"tea": {"priority": 9}})
    till = stage.publisher(site)
    office = stage.publisher(central, "office")

    def change(**sections):
        bascule.settings.update(sections)
        bascule.write()

    def reload(*arguments):
        answer = bascule.cli("reload", *arguments, "--json")
        assert answer.returncode == 0, answer
        return json.loads(answer.stdout)

    def refused(*words):
        answer = bascule.cli("reload")
        assert answer.returncode == 1, answer
        for word in words:
            assert word in answer.stderr, (word, answer)
        before = bascule.log().count("the bridge goes on as it was")
        bascule.hang_up()
        wait_until(lambda: bascule.log().count("the bridge goes on as it was") > before,
                   "the refusal in the log")
        for word in words:
            assert word in bascule.log()[-4000:], word

    def counted():
        return [site.visits("bascule-store-42-site"), central.visits("bascule-store-42-central")]

    before = counted()

    # What drops no connection: nothing, the log, what is refused.
    assert reload()["how"] == "nothing"
    change(log={"level": "debug"})
    dry = reload("--dry-run")
    assert (dry["how"], dry["applied"]) == ("log", False), dry
    told = reload()
    assert told["changes"] == ["log.level: (not set) -> debug"] and told["dropped"] == [], told
    change(log={"level": "info"})
    bascule.hang_up()
    wait_until(lambda: "reload: log.level: debug -> info" in bascule.log(), "the log's level")
    whole = bascule.config.read_text()
    bascule.config.write_text(whole.replace('"direction": "down"', '"direction": "dwn"'))
    refused("store-42.yaml:5:", "did you mean")
    # A fault in the file keeps nobody from the bridge that runs.
    told = json.loads(bascule.cli("reload", "--json").stdout)
    assert told["problems"] and not told["applied"], told
    assert bascule.cli("status", "--check").returncode != 3
    lane = ("--lane", "default", "--direction", "up")
    for command in (("status",), ("journal", "losses"), ("pause", *lane), ("resume", *lane)):
        answer = bascule.cli(*command)
        assert answer.returncode == 0 and "the file has a fault" in answer.stderr, answer
    bascule.config.write_text(whole.replace("data_dir", "data_dirr"))
    refused("did you mean", "data_dir")
    bascule.config.write_text(whole)
    change(bridge={**bascule.settings["bridge"], "data_dir": str(bascule.folder / "other")})
    refused("bridge.data_dir cannot change")
    change(bridge={**bascule.settings["bridge"], "data_dir": str(bascule.data_dir)})
    assert reload()["how"] == "nothing"
    assert counted() == before, (counted(), before)

    # Under load, with a route that comes and goes.
    ended, sent = threading.Event(), [0, 0]

    def load():
        while not ended.wait(0.002):
            sent[0] += 1
            till.publish("pos/1", sent[0])

    def orders():
        while not ended.wait(0.005):
            sent[1] += 1
            office.publish("stores/store-42/orders/a", sent[1])

    loads = [threading.Thread(target=work) for work in (load, orders)]
    for work in loads:
        work.start()
    tea = stage.publisher(site, "kettle")
    cups, took_ms = [], []
    for time in range(TIMES):
        there = time % 2 == 0
        change(routes=[UP, MORE, DOWN] if there else [UP, DOWN])
        if time % 4 == 3:
            runs = bascule.log().count("runs bridge")
            bascule.hang_up()
            wait_until(lambda: bascule.log().count("runs bridge") > runs, "a reload by SIGHUP")
        else:
            told = reload()
            took_ms.append(told["took_ms"])
            assert told["applied"] and told["kept"] == ["site", "central"], told
            assert told["dropped"] == [], told
            assert ("routes.tea.to" in "".join(told["changes"])), told
        if there:
            bascule.wait_up()
            wait_until(lambda: any(one["name"] == "tea" and one["state"] == "subscribed"
                                   for one in bascule.status()["routes"]), "the route tea")
            cups.append(f"cup {time}")
            tea.publish("tea/cup", cups[-1])
            headquarters.wait_payload(cups[-1])
    ended.set()
    for work in loads:
        work.join()
    headquarters.expect(range(1, sent[0] + 1), topic="stores/store-42/pos/1")
    headquarters.expect(cups, topic="stores/store-42/tea/cup")
    shop.expect(range(1, sent[1] + 1))
    bascule.wait_drained()
    assert headquarters.repeats == shop.repeats == 0, (headquarters.repeats, shop.repeats)
    assert counted() == before, (counted(), before)
    print(f"{TIMES} reloads, {sent[0]} messages up, {sent[1]} down, "
          f"at most {max(took_ms)} ms each")

    # One link changed: the other one stays.
    bascule.settings["central"]["keep_alive"] = "20s"
    change()
    dry = reload("--dry-run")
    assert dry["kept"] == ["site"] and dry["dropped"] == [], dry
    told = reload()
    assert (told["kept"], told["dropped"]) == (["site"], ["central"]), told
    bascule.wait_up()
    assert counted() == [before[0], before[1] + 1], (counted(), before)

    # A pause is kept, and what waits goes by the rules of a start.
    assert bascule.cli("pause", "central").returncode == 0
    till.publish_numbered("pos/2", 1, 100)
    wait_until(lambda: bascule.backlog("up") >= 100, "a backlog")
    change(lanes={"tea": {}})
    assert reload()["applied"]
    assert bascule.link("central")["state"] == "paused"
    till.publish_numbered("pos/2", 101, 400, text="{:>9}")
    wait_until(lambda: bascule.lane("up")["next_sequence"] > sent[0] + 400, "a backlog")
    change(lanes={"tea": {}, "default": {"ttl": "1s"}})
    wait_until(lambda: bascule.lane("up")["oldest_age_s"] >= 2, "an age above the ttl")
    refused("--accept-losses", "ttl")
    backlog = bascule.backlog("up")
    assert backlog >= 400, backlog
    told = reload("--accept-losses")
    assert told["applied"], told
    wait_until(lambda: bascule.backlog("up") < backlog, "what was given up")
    assert any(one["reason"] == "ttl_tightened" for one in bascule.losses()), bascule.losses()
