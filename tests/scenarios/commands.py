"""The command line: what each exit code means, which route takes a topic, pause and resume.

The contract's "The CLI"
"""
import subprocess

from stage import SALE, SALE_ABOVE, Stage, wait_until
from stage.bascule import program

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central, start=False)

    assert bascule.cli("check").returncode == 0
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

    assert bascule.cli("pause", "central").returncode == 0
    bascule.wait_link("central", "paused")
    till.publish_numbered(SALE, 11, 20)
    wait_until(lambda: bascule.backlog("up") >= 10, "ten sales waiting")
    assert bascule.cli("resume", "central").returncode == 0
    headquarters.expect(range(1, 21))

    people = bascule.cli("status")
    assert people.returncode == 0 and "store-42" in people.stdout, people
    doctor = bascule.cli("doctor")
    assert doctor.returncode == 0, doctor
