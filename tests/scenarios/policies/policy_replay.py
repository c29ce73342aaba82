"""What would have been decided otherwise: the present options decide as they did then, others are
told apart, with what is different and where; the bridge goes on meanwhile. Without the daemon, too.

R43
"""
import json

from stage import Stage, wait_until

ROUTES = [{"name": "freezers", "direction": "up", "from": "freezer/{id}",
           "to": "stores/{bridge.id}/freezer/{id}", "policy": "freezers"}]
READINGS = [-20, -12, -21, "broken", -11, -40, -22, -14]


def replay(bascule, *words):
    done = bascule.cli("policy", "replay", *words, "--json")
    assert done.returncode == 0, done
    return json.loads(done.stdout)


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(
        site, central, routes=ROUTES,
        policies={"freezers": {"plugin": "template", "options": {"min": -30, "max": -15}}})

    sensor = stage.publisher(site, "sensor")
    for reading in READINGS:
        sensor.publish("freezer/7", reading)
    wait_until(lambda: bascule.policy("freezers")["up"] ==
               {"decided": len(READINGS) - 1, "quarantined": 1, "backlog": 0}, "all to be decided")
    # The third alarm has opened a case; a person's decision is an input, too.
    assert bascule.cli("cases", "resolve", "1", "--choose", "repaired").returncode == 0
    wait_until(lambda: bascule.status()["cases"]["open"] == 0, "the case to be closed")

    def check_present(result):
        assert result["present"] == {"reproduced": len(messages) - 1, "otherwise": 0,
                                     "first_otherwise": None}, result
        assert result["inputs"] == len(messages) and result["quarantined"] == 1, result
        assert result["from_the_start"] is True

    shown = json.loads(bascule.cli("journal", "show", "--lane", "policy/freezers", "--json").stdout)
    told = json.loads(bascule.cli("journal", "show", "--lane", "policy/freezers",
                                  "--direction", "down", "--json").stdout)
    assert {one["state"].split(":")[0] for one in shown["messages"]} == \
        {"decided", "quarantined"}, shown
    messages = shown["messages"] + told["messages"]  # with what the line did, and the decision
    check_present(replay(bascule))

    # With a higher limit three of the four alarms would have passed; no case, nothing to decide.
    warmer = replay(bascule, "freezers", "--set", "max=-11.5")
    check_present(warmer)
    other = warmer["other"]
    assert (other["different"], other["failed"]) == (7, 0), other
    assert other["cases_more"] == -1 and other["not_asked_for"] == 1, other
    assert other["changes"][0] == {"what": "max", "count": 5, "direction": "up", "number": 1}, other
    assert other["changes"][1]["what"] == "good: false -> true, max", other
    assert other["differences"][1]["was"]["good"] is False, other
    assert other["differences"][1]["would_be"]["good"] is True, other

    same = replay(bascule, "--set", "max=-15")["other"]
    assert (same["different"], same["changes"]) == (0, []), same

    # Mistakes are named.
    for words, said in ((["--set", "max=warm"], 'options.max must be a number'),
                        (["--set", "maximum=3"], "options.maximum is unknown"),
                        (["--set", "max"], "--set wants KEY=VALUE"),
                        (["seats"], "has no policy 'seats'; it has: freezers")):
        wrong = bascule.cli("policy", "replay", *words)
        assert wrong.returncode == 1 and said in wrong.stderr, wrong

    # A file in which more is different.
    bascule.settings["policies"]["freezers"]["options"]["alarms_per_case"] = 5
    other_file = bascule.folder / "other.yaml"
    other_file.write_text(json.dumps(bascule.settings))
    table = bascule.cli("policy", "replay", "--with", str(other_file))
    assert "1 case fewer for people" in table.stdout, table

    # It was all for show.
    sensor.publish("freezer/7", -23)
    headquarters.expect([-20, -21, -22, -23])
    bascule.wait_drained()
    bascule.terminate()
    assert replay(bascule)["present"]["otherwise"] == 0
