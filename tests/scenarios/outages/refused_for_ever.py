"""Central says "not now" to one message each time. Its lane waits, `status` says why and what
can be done, and `journal quarantine add` takes the message out: the lane goes on, and `requeue`
sends it once the broker takes it.

P2 P8; fault: a refusal for now that never ends
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    bad = "stores/store-42/pos/till-1/odd"
    line.refuse = lambda topic: 0x83 if topic == bad else 0
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, line)
    till = stage.publisher(site)

    nothing = bascule.cli("journal", "quarantine", "add")
    assert nothing.returncode == 1 and "waits for no message" in nothing.stderr, nothing
    till.publish(SALE, 1)
    headquarters.wait_payload("1")
    till.publish("pos/till-1/odd", "odd")
    till.publish_numbered(SALE, 2, 20)
    wait_until(lambda: bascule.lane("up")["put_back"] >= 3, "three refusals")
    shown = bascule.cli("status").stdout
    assert "an error of the broker's own (0x83)" in shown, shown
    assert "bascule journal quarantine add --lane default --direction up" in shown, shown

    done = bascule.cli("journal", "quarantine", "add", "--lane", "default", "--direction", "up")
    assert done.returncode == 0 and bad in done.stdout, done
    headquarters.expect(range(1, 21))
    bascule.wait_drained()
    listed = bascule.cli("journal", "quarantine", "list").stdout
    assert bad in listed and "taken out by command" in listed, listed
    assert bascule.counters("up")["quarantined"] == 1
    bascule.check_books()

    line.refuse = None
    assert bascule.cli("journal", "quarantine", "requeue", "--all").returncode == 0
    assert headquarters.wait_payload("odd").topic == bad
