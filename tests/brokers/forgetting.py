"""The broker is killed, twice, while nothing is on its way, and comes back with whatever it keeps:
what is sent again by each setting of `resend`, and whether the bridge says that the broker forgets.

K9: brokers that forget, again and again
"""
from others import credentials
from stage.waiting import wait_until

COUNT = 20
SETTINGS = "all", "since-crash", "never"
DEADLINE_S = 90


def forgetting(stage, broker):
    login, link = credentials(broker)
    site, line = stage.broker("site"), stage.line(broker)
    till = stage.publisher(site)
    bookmarks = getattr(broker, "retains", True)
    bridge = stage.bascule(site, line, central_link=link,
                           lanes={setting: {"resend": setting} for setting in SETTINGS}, routes=[
        {"name": setting, "direction": "up", "from": f"up/{setting}", "lane": setting}
        for setting in SETTINGS])

    def sells(first, last):
        for setting in SETTINGS:
            till.publish_numbered(f"up/{setting}", first, last)

    def marked():
        lanes = [lane for lane in bridge.status()["lanes"] if lane["name"] in SETTINGS
                 and lane["direction"] == "up"]
        return all(lane["backlog"] == 0 and (lane["bookmark"] == lane["cursor"] or not bookmarks)
                   for lane in lanes)

    sells(1, COUNT)
    till.wait_acknowledged()
    wait_until(lambda: bridge.counters("up")["forwarded"] == 3 * COUNT, "them there", DEADLINE_S)
    again = {setting: [] for setting in SETTINGS}
    for kill in 1, 2:
        wait_until(marked, lambda: f"bookmarks, has {bridge.status()['lanes']}", DEADLINE_S)
        if getattr(broker, "saves", False):
            broker.wait_saved()
        line.cut()
        broker.kill()
        broker.start()
        # Somebody new, for whom the broker has kept nothing.
        receiver = stage.receiver(broker, "up/#", name=f"headquarters-{kill}", protocol=4, **login)
        line.restore()
        bridge.wait_up()
        sells(kill * COUNT + 1, (kill + 1) * COUNT)
        bridge.wait_drained(DEADLINE_S)
        for setting in SETTINGS:
            last = str((kill + 1) * COUNT)
            payloads = lambda: [int(one.payload) for one in receiver.all
                                if one.topic == f"up/{setting}"]
            wait_until(lambda: int(last) in payloads(), f"the last of {setting}", DEADLINE_S)
            again[setting].append(sorted(one for one in payloads() if one <= kill * COUNT))
        receiver.leave()
    bridge.check_books()
    answers = {f"resend: {setting}": word(again[setting]) for setting in SETTINGS}
    forgot = bridge.link("central")["forgot"]
    words = [what for what in ("sessions", "bookmarks") if forgot and forgot[what]]
    answers["it forgets, says status"] = " and ".join(words) or "no"
    if forgot:
        assert "this broker forgets" in bridge.cli("status").stdout
    return answers


def word(again):
    first, second = list(range(1, COUNT + 1)), list(range(1, 2 * COUNT + 1))
    since = second[COUNT:]
    if again == [[], []]:
        return "nothing"
    if again == [first, second]:
        return "all, each time"
    if again == [first, since]:
        return "all, once"
    return f"{len(again[0])} of {COUNT}, {len(again[1])} of {2 * COUNT}"
