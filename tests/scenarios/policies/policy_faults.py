"""A policy throws, fails, segfaults, aborts, hangs, asks for the impossible. Whatever starts the
bridge again, as systemd does, finds the message that did it quarantined after three attempts, the
lane going on, and nothing else lost or done twice.

Fault: plugin throws, crashes, hangs; P4 P8
"""
from stage import Stage, test_plugin, wait_until

ROUTES = [{"name": "all", "direction": "up", "from": "in/{rest...}", "policy": "faulty"}]
POISON = ["throw", "error", "unknown lane", "illegal topic", "segfault", "abort", "hang"]

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "in/#")
    bascule = stage.bascule(
        site, central, routes=ROUTES,
        policies={"faulty": {"plugin": test_plugin("faulty"), "timeout": "1s"}})
    till = stage.publisher(site)

    expected, deaths, published = [], 0, 0

    def decided():
        """Starts the bridge again when it has died."""
        global deaths
        if not bascule.running:
            deaths += 1
            bascule.start(up=False)
        status = bascule.status()
        done = status["policies"][0]["up"] if status else {"decided": 0, "quarantined": 0}
        return done["decided"] + done["quarantined"] == published

    for poison in POISON:
        for payload in [f"before {poison}", poison, f"after {poison}"]:
            till.publish("in/1", payload)
            published += 1
            if payload != poison:
                expected.append(f"{payload} {len(expected) + 1}")
        till.wait_acknowledged()
        wait_until(decided, f"the lane to go on after {poison}", deadline_s=60)

    # One crash is no reason to give a message up.
    till.publish("in/1", f"once {stage.folder}/flag")
    published += 1
    expected.append(f"once {stage.folder}/flag {len(expected) + 1}")
    wait_until(decided, "the lane to go on after one crash", deadline_s=60)

    headquarters.expect(expected, deadline_s=60)
    assert deaths == 3 * len(["segfault", "abort", "hang"]) + 1, deaths
    assert bascule.policy("faulty")["up"]["quarantined"] == len(POISON)
    assert "input up" in bascule.log() and "is not decided after 1000 ms" in bascule.log()
    shown = bascule.cli("policy", "explain", "2").stdout
    assert "thrown on purpose" in shown, shown
    bascule.wait_drained()
