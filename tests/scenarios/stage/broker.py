"""A real mosquitto on a free loopback port."""
import socket

from stage.process import Process
from stage.waiting import wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Door:
    """Another way into a broker."""

    def __init__(self, url):
        self.url = url


class Broker(Process):
    """It keeps its port over restarts. With persistence it saves its sessions when it is stopped,
    and every second; kill() then loses what came since. Without, kill() loses everything."""

    def __init__(self, name, folder, persistence=True, options=()):
        super().__init__(folder / f"{name}.log")
        self.name = name
        self.port = free_port()
        store = folder / f"{name}.store"
        store.mkdir(mode=0o777)
        self._config = folder / f"{name}.conf"
        self._lines = ["user root", "max_queued_messages 0", "log_timestamp_format %H:%M:%S"]
        if not any(line.startswith("allow_anonymous") for line in options):
            self._lines.append("allow_anonymous true")
        if persistence:
            self._lines += ["persistence true", f"persistence_location {store}/",
                            "autosave_interval 1"]
        self._lines += [*options, f"listener {self.port} 127.0.0.1"]
        self._certificate = []
        self.start()

    def start(self):
        self._config.write_text("\n".join(self._lines + self._certificate) + "\n")
        self.launch(["/usr/sbin/mosquitto", "-c", str(self._config)])
        wait_until(lambda: listens(self.port) or not self.running, f"broker {self.name} listening")
        assert self.running, f"broker {self.name} ended: {self.log()}"

    def stop(self):
        self.terminate()

    def websocket_door(self):
        """Starts again with a second listener; returns what has its URL."""
        port = free_port()
        self._lines[-1:-1] = [f"listener {port} 127.0.0.1", "protocol websockets"]
        self.stop()
        self.start()
        return Door(f"ws://127.0.0.1:{port}")

    def show(self, certificate, key):
        """Speaks TLS from the next start on."""
        self._certificate = [f"certfile {certificate}", f"keyfile {key}"]

    @property
    def url(self):
        return f"{'mqtts' if self._certificate else 'mqtt'}://127.0.0.1:{self.port}"
