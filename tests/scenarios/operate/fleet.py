"""A hub knows its sites from what they say about themselves: one is killed, the line of one is
slow, one is well, and one is paused by a person. Who needs help comes first, also after the hub was
restarted; strangers who publish there are refused and counted.

The contract's "The CLI"
"""
import json

from stage import Stage, wait_until

SITE_ROUTES = [{"name": "freezers", "direction": "up", "from": "freezer/{id}",
                "to": "stores/{bridge.id}/freezer/{id}"}]

with Stage() as stage:
    central = stage.broker("central")
    hub = stage.bascule(central, None, bridge_id="hub", routes=[])  # for the fleet alone
    checked = hub.cli("check")
    assert checked.returncode == 0 and "a hub for the fleet alone" in checked.stdout, checked
    line = stage.line(central)
    sites, tills = {}, {}
    for name in "killed", "slow", "well", "paused.site":
        broker = stage.broker(name)
        sites[name] = stage.bascule(broker, line if name == "slow" else central, bridge_id=name,
                                    central_link={"slow_after": "300ms"},
                                    routes=SITE_ROUTES)
        tills[name] = stage.publisher(broker, f"sensor-{name}")

    def fleet():
        answer = hub.cli("fleet", "--json")
        return json.loads(answer.stdout) if answer.returncode == 0 else {"sites": []}

    def site(name):
        return next((one for one in fleet()["sites"] if one["site"] == name), {})

    def wait_site(name, **wanted):
        wait_until(lambda: (about := site(name)) and all(
            about[key] == value for key, value in wanted.items()),
            lambda: f"{name} {wanted}, has {fleet()}")

    for name in sites:
        wait_site(name, state="online", version=hub.status()["version"], backlog=0, needs=[])

    line.delay_s = 0.6
    sites["killed"].kill()
    wait_site("killed", state="offline", needs=["it is not connected"])
    assert sites["paused.site"].cli("pause", "central", "--by", "ann").returncode == 0
    wait_site("paused.site", state="offline", needs=["its link is paused by ann"])

    def sold_slowly():
        tills["slow"].publish("freezer/1", "0")
        return site("slow")["state"] == "slow"
    # It is told 15 s after what was told last at the earliest.
    wait_until(sold_slowly, lambda: f"a slow line, has {fleet()}")

    def order():
        return [one["site"] for one in fleet()["sites"]]

    assert order() == ["killed", "paused.site", "slow", "well"], order()
    since = {name: site(name)["since"] for name in ("killed", "paused.site", "well")}
    shown = hub.cli("fleet").stdout
    assert "4 sites: 2 offline, 1 slow, 1 online" in shown, shown
    assert "its link is paused by ann" in shown, shown
    assert "AS OF" in shown and site("well")["as_of"] in shown, shown
    print(shown)

    # What the hub is told again by the broker is as old as it was.
    assert hub.terminate() == 0
    hub.start()
    wait_until(lambda: len(fleet()["sites"]) == 4, lambda: f"four sites, has {fleet()}")
    assert order()[-1] == "well" and site("well")["version"], fleet()
    for name, then in since.items():
        assert site(name)["since"] == then, (name, then, site(name))

    sites["killed"].start()
    wait_site("killed", state="online", needs=[])
    stranger = stage.publisher(central, "stranger")
    for payload in "online!", "[]", "x" * 100_000:
        stranger.publish("bascule/well/state", payload)
    stranger.publish("bascule/<b>x<b>/state", "online")
    wait_until(lambda: fleet()["refused"] >= 4, lambda: f"four refused, has {fleet()}")
    assert len(fleet()["sites"]) == 4 and site("well")["state"] == "online"
    assert "are not what a bridge says about itself" in hub.log()
    assert sites["well"].cli("fleet").returncode == 1  # it is no hub
