"""TLS to central. A certificate that cannot be trusted keeps the line down and the site working:
the journal fills, the status says what is wrong with the certificate, and when it is put right
everything crosses, without a restart of the bridge.

R1 R3; fault: certificate expired, unknown, for another host
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    ours, theirs = stage.authority("ours"), stage.authority("theirs")
    good = ours.issue("good")
    bad = {
        "unknown authority": theirs.issue("unknown"),
        "expired": ours.issue("expired", expired=True),
        "another host": ours.issue("elsewhere", hosts="DNS:central.example.net"),
    }

    site, central = stage.broker("site"), stage.broker("central")

    def central_shows(certificate):
        central.stop()
        central.show(*certificate)
        central.start()

    central_shows(good)
    headquarters = stage.receiver(central, "stores/#", ca=ours.certificate)
    bascule = stage.bascule(site, central, central_link={"tls": {"ca_file": str(ours.certificate)}})
    till = stage.publisher(site)
    till.publish(SALE, 1)
    headquarters.expect([1])

    sold = 1
    for fault, certificate in bad.items():
        central_shows(certificate)
        wait_until(lambda: "certificate" in (bascule.link("central")["last_error"] or "").lower(),
                   lambda: f"an error about the certificate ({fault}): {bascule.link('central')}")
        assert bascule.link("central")["state"] == "down"
        till.publish_numbered(SALE, sold + 1, sold + 50)
        sold += 50
        wait_until(lambda: bascule.backlog("up") >= 50, f"50 sales in the journal ({fault})")

        central_shows(good)
        headquarters.expect(range(1, sold + 1))
        bascule.wait_drained()
