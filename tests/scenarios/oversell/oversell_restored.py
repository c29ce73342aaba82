"""A strict quota is never oversold: two sites are cut off and sell what they have rights for, and
no more. Then a site's journal is put back from a copy that was made before. The centre has seen
what it sold since, so that it is a new epoch, with no rights until staff asks for some.

R25, P4 P6; fault: journal restored from a copy
"""
import shutil

from stage import Stage, wait_until
from stage.seats import Site, check_messages, hub

with Stage() as stage:
    central = stage.broker("central")
    office = stage.receiver(central, "oversell/#", name="office")
    authority = hub(stage, central, items={
        "tables": {"capacity": 20, "quota": "strict", "reserve_bp": 2500,
                   "weights": {"a": 2, "b": 1}},
        "hall": {"capacity": 9}})
    a, b = (Site(stage, name, central) for name in "ab")

    def rights(site):
        shown = site.told("availability", "tables")
        return shown[-1]["rights"] if shown else None

    wait_until(lambda: (rights(a), rights(b)) == (10, 5), lambda: f"{rights(a)}, {rights(b)}")
    a.bridge.wait_drained()
    a.bridge.terminate()
    copy = stage.folder / "copy"
    shutil.copytree(a.bridge.data_dir, copy)
    a.bridge.start()

    held = 0
    for site in a, b:
        site.cut()
        while (answer := site.till.buy("tables"))["result"] == "SELL":
            assert answer["reason"] == "quota" and answer["risk"] == 0, answer
            held += 1
        assert answer["reason"] == "quota_exhausted", answer
    assert held == 15, held
    for site in a, b:
        site.mend()
    assert b.till.buy("hall", 2)["result"] == "SELL"
    for site in a, b:
        site.wait_available("tables", 5)
        site.wait_available("hall", 7)
        site.bridge.wait_drained()

    # An older copy: by it nothing was sold yet, and ten may be.
    epoch = a.bridge.status()["epoch"]
    a.bridge.terminate()
    shutil.rmtree(a.bridge.data_dir)
    shutil.copytree(copy, a.bridge.data_dir)
    a.bridge.start()
    wait_until(lambda: a.bridge.status()["epoch"] != epoch, "another epoch")
    wait_until(lambda: rights(a) == 0 and a.available("tables") == 5,
               lambda: f"no rights, has {a.told('availability', 'tables')[-1]}")
    # Of what others have sold since, what is retained at the centre tells it.
    a.wait_available("hall", 7)
    a.cut()
    assert a.till.buy("tables")["reason"] == "quota_exhausted"
    a.mend()

    # The reserve at the centre is for whoever asks; rights can be asked for, too.
    stage.publisher(a.broker, "manager").publish("seats/tables/transfer", '{"quantity": 2}')
    wait_until(lambda: rights(a) == 2, lambda: f"two rights, has {rights(a)}")
    a.cut()
    assert a.till.buy("tables", 2)["reason"] == "quota"
    assert a.till.buy("tables")["reason"] == "quota_exhausted"
    a.mend()
    for site in a, b:
        site.wait_available("tables", 3)
    for bridge in authority, a.bridge, b.bridge:
        bridge.wait_drained()
        assert bridge.policy("seats")["failed"] == 0, bridge.log()
    check_messages(office, a, b)
