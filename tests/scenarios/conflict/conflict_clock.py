"""Site a's clock is an hour fast. What its people wrote before site b's is older, whatever that
clock says, online and after an outage; an edit is never held for being ahead of its time.

R33 R40; the three files of config/examples/conflict are right as they are
"""
import json
import subprocess

from stage import ROOT, Attendees, Stage, program, wait_until

HOUR_S, MS = 3600, 1000

for name in "hub", "site-a", "site-b":
    path = ROOT / "config" / "examples" / "conflict" / f"{name}.yaml"
    checked = subprocess.run([program(), "check", "-c", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked

with Stage() as stage:
    cast = Attendees(stage, fast={"site-a": HOUR_S})
    for name in "site-a", "site-b":
        cast.bridges[name].wait_link("central", "up", "slow")
    cast.settle()
    cast.edit("site-a", "17", {"name": "Joan"})
    cast.wait_verdicts("site-a", 1)
    cast.wait_shown("17", {"name": "Joan"})

    for name in "site-a", "site-b":
        cast.cut(name)
    cast.edit("site-a", "17", {"name": "Joan d'Arc"})
    cast.edit("site-b", "17", {"name": "Joan of Arc"})
    cast.restore("site-b")
    assert cast.restore("site-a")["verdict"] == "SUPERSEDED"
    cast.wait_shown("17", {"name": "Joan of Arc"})

    wait_until(lambda: len(cast.history.unique) == 3, "three entries of history")
    entries = [json.loads(one) for one in cast.history.payloads()]
    for entry in entries:
        if entry["origin"] != "site-a":
            continue
        late_ms = entry["arrived_ms"] - entry["time_ms"]
        cast.tell("site-a", f"its edit is {late_ms} ms old on arrival, sure to {entry['u_ms']} ms")
        assert -entry["u_ms"] <= late_ms < 60 * MS, entry
