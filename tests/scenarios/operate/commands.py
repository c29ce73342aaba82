"""The command line: what each exit code means, which route takes a topic.

The contract's "The CLI"
"""
import json
import subprocess

from stage import SALE, SALE_ABOVE, Stage
from stage.bascule import program

OWN = "bascule/store-42"
BOTH = "at QoS 1, for the bridge itself, which also publishes there"

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central, start=False)

    assert bascule.cli("check").returncode == 0
    explained = bascule.cli("check", "--explain")
    assert explained.returncode == 0, explained
    assert explained.stdout.splitlines()[1:] == [
        "site  pos/#  at QoS 2, for sales",
        "central  stores/store-42/orders/#  at QoS 2, for orders",
        f"site  {OWN}/state, {OWN}/bookmark/down, {OWN}/bookmark/retained  {BOTH}",
        f"central  {OWN}/state, {OWN}/bookmark/up, {OWN}/bookmark/retained  {BOTH}",
        f"central  {OWN}/events, {OWN}/summary  published by the bridge itself"], explained.stdout
    assert bascule.cli("status").returncode == 3
    assert bascule.cli("frobnicate").returncode == 2
    assert subprocess.run([program()], capture_output=True).returncode == 2

    taken = bascule.cli("route", SALE)
    assert taken.returncode == 0 and "sales" in taken.stdout and SALE_ABOVE in taken.stdout, taken
    not_taken = bascule.cli("route", "weather/today")
    assert not_taken.returncode == 1, not_taken

    bascule.start()
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 10)
    headquarters.expect(range(1, 11))

    people = bascule.cli("status")
    assert people.returncode == 0 and "store-42" in people.stdout, people

    well = bascule.cli("status", "--check")
    assert well.returncode == 0 and well.stdout.startswith("OK"), well
    assert people.stdout.startswith("OK"), people
    assert bascule.status()["journal"]["max_bytes"] == 4 << 30
    central.kill()
    bascule.wait_link("central", "down")
    ill = bascule.cli("status", "--check")
    assert ill.returncode == 1 and ill.stdout.startswith("DEGRADED  central: down for "), ill
    health = json.loads(bascule.cli("status", "--json").stdout)["health"]
    assert health["state"] == "degraded" and len(health["because"]) == 1, health
    bascule.terminate()
    gone = bascule.cli("status", "--check")
    assert gone.returncode == 2 and gone.stdout.startswith("FAILING  no daemon answers"), gone
    assert bascule.cli("status", "--check", "--bogus").returncode == 3
    file = bascule.config.read_text()
    bascule.config.write_text("bridge: {id: 7 sales}\n")
    unknown = bascule.cli("status", "--check")
    assert unknown.returncode == 3 and unknown.stdout.startswith("UNKNOWN  "), unknown
    bascule.config.write_text(file)
