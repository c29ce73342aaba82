"""A message of 50 MB crosses, twice. The bridge grows by little more than twice as much while
it does, for the row and what is to be written have it; and by none of it afterwards.

R3; fault: none
"""
from stage import SALE, SALE_ABOVE, Stage, wait_until

LARGE = 50_000_000


def memory(pid, what):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(what + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(what)


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, SALE_ABOVE)
    bascule = stage.bascule(site, central, journal={"max_payload": "64MiB"},
                            site_link={"client": "native"}, central_link={"client": "native"})
    till = stage.publisher(site)
    till.publish(SALE, "first")
    wait_until(lambda: headquarters.payloads() == ["first"], "the first")
    before = memory(bascule.pid, "VmRSS")
    for letter in "sk":
        till.publish(SALE, letter * LARGE)
        wait_until(lambda: headquarters.payloads()[-1] == letter * LARGE, f"all of {letter}", 120)
        bascule.wait_drained(120)
    most = memory(bascule.pid, "VmHWM") - before
    print(f"grew by {most / LARGE:.2f} of the payload")
    assert most <= 2.2 * LARGE, most
    wait_until(lambda: memory(bascule.pid, "VmRSS") - before < 0.1 * LARGE, "all of it given back")
