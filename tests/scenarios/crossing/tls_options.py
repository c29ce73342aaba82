"""What TLS needs beyond a certificate: a name that is not the URL's, a protocol by ALPN, a key that
is encrypted or stays on a token. Each that does not fit is told in one sentence, and crosses once
it does.

R1 R3; fault: wrong ALPN, a name that does not fit, a key without its password or module
"""
import os
import subprocess

from stage import SALE, Stage, wait_until
from stage.broker import free_port, listens
from stage.process import Process

MODULE = "?module-path=/usr/lib/softhsm/libsofthsm2.so"


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Strict(Process):
    """OpenSSL as a server that takes one protocol only. It knows no MQTT."""

    def __init__(self, folder, certificate, key):
        super().__init__(folder / "strict.log")
        self.port = free_port()
        self.launch(["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-quiet", "-alpn",
                     "mqtt", "-cert", str(certificate), "-key", str(key)])
        wait_until(lambda: listens(self.port), "openssl listening")


with Stage() as stage:
    ours = stage.authority("ours")
    certificate, key = ours.issue("store-42")
    locked, secret, pin = (stage.folder / name for name in ("locked.key", "secret", "pin"))
    openssl("pkey", "-in", str(key), "-aes256", "-passout", "pass:open sesame", "-out", str(locked))
    for file, word in (secret, "open sesame"), (pin, "1234"):
        file.write_text(word)
        os.chmod(file, 0o600)
    os.chmod(locked, 0o600)

    tokens = stage.folder / "tokens"
    tokens.mkdir()
    (stage.folder / "softhsm.conf").write_text(f"directories.tokendir = {tokens}\n")
    os.environ["SOFTHSM2_CONF"] = str(stage.folder / "softhsm.conf")
    for order in (["--init-token", "--free", "--label", "site", "--so-pin", "98765", "--pin",
                   "1234"],
                  ["--import", str(key), "--token", "site", "--label", "bridge", "--id", "a1",
                   "--pin", "1234"]):
        subprocess.run(["softhsm2-util", *order], check=True, capture_output=True)

    site = stage.broker("site")
    central = stage.broker("central", door=["require_certificate true",
                                            f"cafile {ours.certificate}"])
    shown = ours.issue("central", hosts="DNS:central.example")
    central.stop()
    central.show(*shown)
    central.start()
    strict = Strict(stage.folder, *shown)
    stage.welcome(strict)
    bascule = stage.bascule(site, central, start=False)
    till = stage.publisher(site)
    base = {"ca_file": str(ours.certificate), "cert_file": str(certificate)}
    name = {"server_name": "central.example"}
    sold = 0

    def restarts(tls, url):
        if bascule.running:
            bascule.terminate()
        bascule.settings["central"] |= {"url": url, "tls": base | tls}
        bascule.write()
        return bascule.start(up=False)

    def fails(why, url=None, **tls):
        restarts(tls, url or central.url)
        wait_until(lambda: why in (bascule.link("central")["last_error"] or ""),
                   lambda: f"'{why}' to be told, is {bascule.link('central')}")
        assert bascule.link("central")["state"] == "down"

    def crosses(**tls):
        global sold
        restarts(tls, central.url)
        bascule.wait_up()
        till.publish_numbered(SALE, sold + 1, sold + 10)
        sold += 10
        till.wait_acknowledged()
        bascule.wait_drained()
        assert bascule.counters("up")["forwarded"] >= sold

    fails("the certificate is not for the host name 127.0.0.1", key_file=str(key))
    fails("the certificate is not for the host name elsewhere.example", key_file=str(key),
          server_name="elsewhere.example")
    crosses(key_file=str(key), alpn=["x-amzn-mqtt-ca"], **name)
    fails("the broker takes none of the protocols that tls.alpn offers: x-amzn-mqtt-ca",
          url=f"mqtts://127.0.0.1:{strict.port}", key_file=str(key), alpn=["x-amzn-mqtt-ca"],
          **name)

    fails("the key is encrypted; name its password with tls.key_password_file",
          key_file=str(locked), **name)
    fails("the password does not open the key", key_file=str(locked), key_password_file=str(pin),
          **name)
    crosses(key_file=str(locked), key_password_file=str(secret), **name)

    on_token = "pkcs11:token=site;object=bridge"
    fails("the token site wants its PIN", key_file=on_token + MODULE, **name)
    fails("the token site refuses the PIN in tls.key_password_file", key_file=on_token + MODULE,
          key_password_file=str(secret), **name)
    fails("cannot load the PKCS#11 module /usr/lib/none.so; install",
          key_file=f"{on_token}?module-path=/usr/lib/none.so", key_password_file=str(pin), **name)
    fails("no token fits the pkcs11 URI (token=lost); there are: site",
          key_file="pkcs11:token=lost;object=bridge" + MODULE, key_password_file=str(pin), **name)
    crosses(key_file=on_token + MODULE, key_password_file=str(pin), **name)
    assert bascule.terminate() == 0
