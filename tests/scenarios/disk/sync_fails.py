"""A sync of the disk fails with an input/output error. What was being written is not acknowledged,
so that the broker keeps it; the bridge recovers, or ends and is started again, and all arrives.

P1; fault: EIO, failed fsync
"""
from stage import SALE, Stage, wait_until
from stage.bascule import STRACE

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    till.publish(SALE, 1)
    headquarters.expect([1])
    bascule.terminate()

    sold = 1
    for count in 8, 15:
        bascule.start(up=False, under=[
            *STRACE, "-e", "trace=fdatasync,fsync",
            "-e", f"inject=fdatasync,fsync:error=EIO:when={count}"])
        till.publish_numbered(SALE, sold + 1, sold + 300)
        sold += 300
        till.wait_acknowledged()
        wait_until(lambda: not bascule.running or len(headquarters.unique) >= sold,
                   "the end of the bridge, or its recovery")
        if bascule.running:
            bascule.terminate()

    bascule.start()
    headquarters.expect(range(1, sold + 1))
    bascule.wait_drained()
