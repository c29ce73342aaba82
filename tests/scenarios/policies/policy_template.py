"""The template policy, in C++ and in C: what is within limits goes up, the rest comes back to the
site as alarms, and the third alarm opens a case, which a person closes. Its options are checked
like any other key.

R43, P4 P8
"""
import json

from stage import Stage, wait_until

ROUTES = [{"name": "freezers", "direction": "up", "from": "freezer/{id}",
           "to": "stores/{bridge.id}/freezer/{id}", "policy": "freezers"}]
ABOVE = "stores/store-42/freezer/7"


def policies(plugin, **options):
    return {"freezers": {"plugin": plugin, "options": options}}


def play(plugin):
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        headquarters = stage.receiver(central, "stores/#")
        alarms = stage.receiver(site, "alarm/#", name="bell")
        bascule = stage.bascule(site, central, start=False, routes=ROUTES,
                                policies=policies(plugin, min="cold", max=-15))

        # A mistake in the options is found before anything starts, at its place.
        for command in "check", "run":
            wrong = bascule.cli(command)
            assert wrong.returncode == 1, wrong
            assert 'error: "options.min" must be a number' in wrong.stderr, wrong.stderr
            assert wrong.stderr.startswith(f"{bascule.config}:"), wrong.stderr

        bascule.settings["policies"] = policies(plugin, min=-30, max=-15)
        bascule.write()
        assert bascule.cli("check").stdout.endswith("1 policy\n")
        bascule.start()

        sensor = stage.publisher(site, "sensor")
        for reading in -20, -12, -21, "broken", -11, -40, -22:
            sensor.publish("freezer/7", reading)
        headquarters.expect([-20, -21, -22], topic=ABOVE)
        alarms.expect([-12, -11, -40], topic=f"alarm/{ABOVE}")

        # The one that is no number is tried three times, then quarantined; the others did not wait
        # for ever.
        bascule.wait_decided("freezers")
        policy = bascule.policy("freezers")
        assert policy["up"] == {"decided": 6, "quarantined": 1, "backlog": 0}, policy
        assert policy["failed"] == 3, policy
        counters = bascule.counters("up")
        assert (counters["received"], counters["quarantined"]) == (7, 1), counters
        assert counters["emitted"] == 3 and bascule.counters("down")["emitted"] >= 3, counters

        # Why was it decided so?
        explained = json.loads(bascule.cli("policy", "explain", "freezers/2", "--json").stdout)
        assert explained["verdict"] == {"good": False, "max": -15, "min": -30, "value": -12.0}
        assert explained["emitted"] == [
            {"direction": "down", "lane": "default", "first": 1, "last": 1}]
        assert "quarantined" in bascule.cli("policy", "explain", "4").stdout

        # The third alarm has opened a case, and told so.
        listed = json.loads(bascule.cli("cases", "list", "--json").stdout)["cases"]
        assert [(one["number"], one["subject"]) for one in listed] == [(1, ABOVE)], listed
        assert bascule.status()["cases"]["open"] == 1
        refused = bascule.cli("cases", "resolve", "1", "--choose", "ignored")
        assert "choose from 1 repaired, 2 false alarm" in refused.stderr, refused
        done = bascule.cli("cases", "resolve", "1", "--choose", "repaired", "--by", "ann")
        assert done.returncode == 0, done
        wait_until(lambda: bascule.status()["cases"]["open"] == 0, "the case to be closed")
        shown = json.loads(bascule.cli("cases", "show", "1", "--json").stdout)
        assert shown["outcome"] == {"choose": "repaired", "by": "ann"}, shown

        bascule.wait_drained()
        bascule.kill()
        bascule.start()
        sensor.publish("freezer/7", -23)
        headquarters.expect([-20, -21, -22, -23], topic=ABOVE)


for language in "template", "template_c":
    play(language)
