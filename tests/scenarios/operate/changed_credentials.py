"""Password, certificate and key change in their files while the bridge runs: it connects anew with
what is good, once, and nothing is lost or repeated. What cannot be used is told, and what was read
before stays in use, also for a connection that is made meanwhile.

R1 R3, P1 P2; fault: certificate expired, secrets
"""
import os

from stage import SALE, SALE_ABOVE, Stage
from stage.waiting import wait_until

OLD, NEW = "old-7fd1c0ffee", "new-7fd1c0ffee"


def put(path, content):
    """As a careful editor does: whole, in place of the old file."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    os.rename(beside, path)


with Stage() as stage:
    ours = stage.authority("ours")
    first, second = ours.issue("store-42"), ours.issue("store-43")
    certificate, key = stage.folder / "shown.pem", stage.folder / "shown.key"
    put(certificate, first[0].read_bytes())
    put(key, first[1].read_bytes())
    secret = stage.folder / "site.password"
    put(secret, OLD.encode())

    site = stage.broker("site", options=stage.passwords({"store-42": OLD, "till-1": "till"}))
    central = stage.broker("central", door=["require_certificate true",
                                            f"cafile {ours.certificate}",
                                            "use_identity_as_username true"])
    central.stop()
    central.show(*ours.issue("central"))
    central.start()
    bascule = stage.bascule(
        site, central, site_link={"username": "store-42", "password_file": str(secret)},
        central_link={"tls": {"ca_file": str(ours.certificate), "cert_file": str(certificate),
                              "key_file": str(key)}})
    till = stage.publisher(site, username="till-1", password="till")

    def visits():
        return site.visits("bascule-store-42-site"), central.visits("bascule-store-42-central")

    def warning(link):
        return bascule.link(link)["warning"] or ""

    def crossed(last):
        """Up to there, in order, each once: the centre's own receivers have no certificate."""
        till.publish_numbered(SALE, crossed.last + 1, last)
        crossed.last = last
        till.wait_acknowledged()
        bascule.wait_drained()
        counted = bascule.counters("up")
        assert counted["forwarded"] >= last and counted["repeats"] == 0, counted

    crossed.last = 0
    crossed(100)
    before = visits()

    # The file is another one, with the same word: one connection more.
    put(secret, f"{OLD}\n".encode())
    wait_until(lambda: visits() == (before[0] + 1, before[1]), "a connection of the site")
    bascule.wait_up()
    crossed(200)

    # mosquitto throws out whose word is not good any more. The new one is used once it is there.
    stage.passwords({"store-42": NEW, "till-1": "till"})
    site.reload()
    wait_until(lambda: bascule.link("site")["state"] == "down", "the site to be refused")
    put(secret, NEW.encode())
    bascule.wait_up()
    wait_until(lambda: bascule.log().count("connects anew with that") == 2, "a word about it")
    bascule.wait_up()
    before = visits()[0] - 1, before[1]
    crossed(300)

    # An empty file is none: the old word is good still, also for a new connection.
    put(secret, b"")
    wait_until(lambda: "stays in use" in warning("site"), "a word about the empty file")
    assert str(secret) in warning("site"), warning("site")
    assert visits() == (before[0] + 1, before[1])
    site.stop()
    site.start()
    bascule.wait_up()
    crossed(400)
    put(secret, NEW.encode())
    wait_until(lambda: not warning("site"), "no warning any more")

    # A certificate without its key cannot be used; once both are there, they are.
    put(certificate, second[0].read_bytes())
    wait_until(lambda: "stays in use" in warning("central"), "a word about the key")
    assert visits()[1] == before[1]
    crossed(500)
    put(key, second[1].read_bytes())
    wait_until(lambda: visits()[1] == before[1] + 1, "central with the new certificate")
    bascule.wait_up()
    assert not warning("central"), warning("central")
    wait_until(lambda: "u'store-43'" in central.log(), "the new name at the broker")
    crossed(600)
    log = bascule.log()
    assert OLD not in log and NEW not in log
    assert log.count("connects anew with that") == 4, log
