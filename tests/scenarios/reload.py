"""The YAML is edited and reloaded while the till sells. A mistake changes nothing; a good edit
takes effect; no message is lost over either.

Fault: typo on reload
"""
import os
import signal

from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)

    till.publish_numbered(SALE, 1, 300)
    good = bascule.config.read_text()
    bascule.config.write_text(good.replace('"routes"', '"roots"'))
    os.kill(bascule.pid, signal.SIGHUP)
    refused = bascule.cli("reload")
    assert refused.returncode == 1 and "roots" in refused.stderr, refused
    till.publish_numbered(SALE, 301, 600)
    headquarters.expect(range(1, 601))

    bascule.settings["routes"].append({"name": "stock", "direction": "up", "from": "stock/#"})
    bascule.write()
    till.publish_numbered(SALE, 601, 900)
    assert bascule.cli("reload").returncode == 0
    till.publish_numbered(SALE, 901, 1200)
    headquarters.wait_count(1200)

    def stock_arrives():
        till.publish("stock/tea", "17")
        return "17" in headquarters.payloads("stock/tea")

    wait_until(stock_arrives, "the new route at work")
    headquarters.expect(range(1, 1201), topic="stores/store-42/pos/till-1/sale")
    bascule.wait_drained()
