"""Real proxies on the way to a broker, with a user and a password."""
from stage.broker import free_port, listens
from stage.process import Process
from stage.waiting import wait_until


class Proxy(Process):
    """`user` and `password` are what it wants; its URL names the user."""

    user, password = "store-42", "only-for-the-proxy"

    def __init__(self, folder, scheme, command):
        super().__init__(folder / f"{scheme}-proxy.log")
        self.port = free_port()
        self.url = f"{scheme}://{self.user}@127.0.0.1:{self.port}"
        self._command = command
        self.start()

    def start(self):
        self.launch(self._command(self.port))
        wait_until(lambda: listens(self.port), "the proxy listens")


def http_proxy(folder):
    """tinyproxy, which takes CONNECT to any port."""
    config = folder / "tinyproxy.conf"

    def command(port):
        config.write_text(f"Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 50\n"
                          f"BasicAuth {Proxy.user} {Proxy.password}\n")
        return ["tinyproxy", "-d", "-c", str(config)]
    return Proxy(folder, "http", command)


def socks_proxy(folder):
    """microsocks."""
    return Proxy(folder, "socks5", lambda port: [
        "microsocks", "-i", "127.0.0.1", "-p", str(port), "-u", Proxy.user, "-P", Proxy.password])
