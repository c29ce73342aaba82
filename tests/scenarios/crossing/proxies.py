"""The only way to central is a proxy that wants a password: CONNECT of HTTP, or SOCKS 5; with MQTT
over TLS, and over a WebSocket with TLS. A wrong password is told in words, and a right one in the
file is taken without a restart. The proxy comes and goes, and everything arrives.

R1 R3
"""
from stage import SALE, Stage, http_proxy, socks_proxy, wait_until


def story(kind, scheme):
    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        authority = stage.authority()
        door = central.open_door(scheme, authority.issue("central"))
        proxy = stage.proxy(kind)
        secret = stage.folder / "proxy.password"
        secret.write_text("wrong\n")
        secret.chmod(0o600)
        headquarters = stage.receiver(central, "stores/#")
        bascule = stage.bascule(site, door, start=False, central_link={
            "proxy": proxy.url, "proxy_password_file": str(secret),
            "tls": {"ca_file": str(authority.certificate)}})
        bascule.start(up=False)
        bascule.wait_link("site", "up")
        till = stage.publisher(site)
        till.publish_numbered(SALE, 1, 50)
        refused = f"the proxy 127.0.0.1:{proxy.port}: it refuses the user name and password"
        wait_until(lambda: refused in (bascule.link("central")["last_error"] or ""),
                   lambda: f"the proxy's refusal: {bascule.link('central')}")

        secret.write_text(proxy.password + "\n")
        headquarters.expect(range(1, 51))

        proxy.terminate()
        wait_until(lambda: bascule.link("central")["state"] == "down", "the link down")
        till.publish_numbered(SALE, 51, 100)
        away = f"the proxy 127.0.0.1:{proxy.port}: cannot connect"
        wait_until(lambda: away in bascule.link("central")["last_error"], "that it is away")
        proxy.start()
        headquarters.expect(range(1, 101))
        bascule.wait_drained()
        for text in bascule.log(), bascule.cli("status", "--json").stdout:
            assert proxy.password not in text, "the secret shows"


story(http_proxy, "mqtts")
story(http_proxy, "wss")
story(socks_proxy, "mqtts")
story(socks_proxy, "wss")
