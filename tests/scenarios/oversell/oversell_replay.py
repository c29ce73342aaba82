"""What if the rule had been 5 %? The past of a site that refused, run through its policy as it
would be; and as it is, which comes out as it did: every verdict, byte for byte.

R21 R22, P4
"""
import json

from stage import Stage
from stage.seats import Site, hub


def replay(site, *words):
    done = site.bridge.cli("policy", "replay", *words, "--json")
    assert done.returncode == 0, done
    result = json.loads(done.stdout)
    assert result["present"]["otherwise"] == 0 and result["from_the_start"], result["present"]
    return result


with Stage() as stage:
    central = stage.broker("central")
    authority = hub(stage, central, items={"hall": {"capacity": 200}})
    site = Site(stage, "a", central)
    site.wait_available("hall", 200)
    assert site.till.buy("hall", 185)["basis"] == "authority"
    site.wait_available("hall", 15)
    site.cut()
    for _ in range(4):
        refused = site.till.buy("hall", 4)
        assert (refused["result"], refused["reason"]) == ("REFUSE", "low_stock"), refused

    # Fifteen were left, so the first three could have been sold; then three are not enough.
    asked = "replay", "--set", "min_remaining_bp=500", "--list", "0"
    print(site.bridge.cli("policy", *asked).stdout)
    bold = replay(site, "--set", "min_remaining_bp=500")["other"]
    verdicts = [(one["was"]["reason"], one["would_be"]["reason"]) for one in bold["differences"]
                if one["was"] and "reason" in one["was"]]
    assert verdicts == [("low_stock", "at_risk")] * 3 + [("low_stock", "sold_out_local")], bold

    sold = [change["count"] for change in bold["changes"]
            if change["what"].startswith("reason: low_stock -> at_risk, result: REFUSE -> SELL")]
    assert sum(sold) == 3, bold["changes"]

    assert replay(site, "--set", "min_remaining_bp=800")["other"]["different"] == 0

    # The books are as before, and the way back is open.
    site.mend()
    site.bridge.wait_drained()
    assert site.till.buy("hall", 15)["basis"] == "authority"
    replay(site)
