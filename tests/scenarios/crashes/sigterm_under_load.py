"""SIGTERM arrives in the middle of the day's work, three times. Each time the bridge ends cleanly
with exit code 0, and after its start everything goes on, with nothing lost.

R4 R5
"""
from stage import SALE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)

    for evening in range(3):
        first = evening * 1000 + 1
        till.publish_numbered(SALE, first, first + 499)
        headquarters.wait_count(first + 100)
        till.publish_numbered(SALE, first + 500, first + 999)
        assert bascule.terminate(deadline_s=60) == 0
        bascule.start()

    headquarters.expect(range(1, 3001))
    bascule.wait_drained()
