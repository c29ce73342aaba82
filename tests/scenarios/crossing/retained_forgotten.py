"""Central forgets a retained value twice. The second time it is not sent again, for nothing is for
a third time; but what the site retains crosses anew, soon, and does not wait for the second look
at that, which comes a minute after the first.

R2 (state), P6
"""
from stage import Stage, retained_at, wait_until

SOON_S = 30

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    hall = stage.publisher(site, "hall")
    hall.publish("dev/1", "open", retain=True)
    hall.wait_acknowledged()
    bascule = stage.bascule(site, line, routes=[
        {"name": "devices", "direction": "up", "from": "dev/{name}", "to": "up/dev/{name}"},
        # Nothing of it is ever shown, so that there is a second look.
        {"name": "doors", "direction": "up", "from": "door/{name}", "to": "up/door/{name}"}])

    def there():
        return retained_at(central).get("up/dev/1") == "open"

    def marked():
        lane = bascule.lane("up")
        return lane["bookmark"] == lane["cursor"]

    wait_until(there, "the value at central")
    wait_until(lambda: bascule.link("site")["retained"]["state"] == "same", "the first look")
    for _ in 1, 2:
        wait_until(marked, "a bookmark")
        line.cut()
        central.empty()
        central.start()
        assert not there()
        line.restore()
        wait_until(there, "the value at central again", deadline_s=SOON_S)
