"""A real mosquitto on a free loopback port."""
import os
import signal
import socket

from stage.process import Process
from stage.waiting import wait_until


_reserved = []  # sockets


def free_port():
    """A port that is kept from all who ask for any port, for as long as this process lives: who
    listens there with SO_REUSEADDR, as brokers do, may stop and come back."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    _reserved.append(reserved)
    return reserved.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def serves(port):
    """Whether mosquitto's loop runs there: it closes over what is no packet. A SIGTERM that comes
    between its listening and its loop is lost, for the loop's start forgets it (2.0.11,
    mosquitto.c: `run = 1`)."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.sendall(bytes(16))
            while client.recv(64):
                pass
        return True
    except ConnectionResetError:
        return True
    except OSError:
        return False


class Door:
    """Another way into a broker."""

    def __init__(self, url, port):
        self.url = url
        self.port = port


class Broker(Process):
    """It keeps its port over restarts. With persistence it saves its sessions when it is stopped,
    and every second; kill() then loses what came since. Without, kill() loses everything. The user
    `watched`, if one is named, may do everything until deny() says otherwise. `door` has options of
    its listener."""

    def __init__(self, name, folder, persistence=True, options=(), watched=None, door=()):
        super().__init__(folder / f"{name}.log")
        self.name = name
        self.port = free_port()
        self._persistent = persistence
        self._store = folder / f"{name}.store"
        self._store.mkdir(mode=0o777)
        self._config = folder / f"{name}.conf"
        self._lines = ["user root", "max_queued_messages 0", "log_timestamp_format %H:%M:%S"]
        if not any(line.startswith("allow_anonymous") for line in options):
            self._lines.append("allow_anonymous true")
        if persistence:
            self._lines += ["persistence true", f"persistence_location {self._store}/",
                            "autosave_interval 1"]
        self._access = folder / f"{name}.acl"
        self._watched = watched
        if watched:
            self.allow()
            self._lines.append(f"acl_file {self._access}")
        self._lines += [*options, f"listener {self.port} 127.0.0.1"]
        self._door = list(door)
        self._certificate = []
        self._copy = {}
        self.start()

    def start(self):
        self._config.write_text("\n".join(self._lines + self._door + self._certificate) + "\n")
        self.launch(["/usr/sbin/mosquitto", "-c", str(self._config)])
        wait_until(lambda: serves(self.port) or not self.running, f"broker {self.name} serving")
        assert self.running, f"broker {self.name} ended: {self.log()}"

    def stop(self):
        self.terminate()

    def reload(self):
        """Reads its access list again."""
        os.kill(self.pid, signal.SIGHUP)

    def empty(self):
        """kill -9, and its store is gone: sessions, queues, retained messages."""
        self.kill()
        for file in self._store.iterdir():
            file.unlink()

    def allow(self):
        """The watched user may do everything, from now on."""
        self._give_access("")

    def deny(self, *patterns):
        """The watched user may neither publish nor receive there, from now on."""
        self._give_access("".join(f"topic deny {pattern}\n" for pattern in patterns))

    def _give_access(self, denied):
        everything = "topic readwrite #\n"
        self._access.write_text(f"{everything}user {self._watched}\n{denied}{everything}")
        if self.running:
            os.kill(self.pid, signal.SIGHUP)

    def visits(self, client_id):
        """How often a client has connected, over all restarts."""
        return self.log().count(f" as {client_id} ")

    def wait_saved(self):
        """Its store has what it has now."""
        file = self._store / "mosquitto.db"
        before = file.stat().st_mtime_ns if file.exists() else 0
        os.kill(self.pid, signal.SIGUSR1)
        wait_until(lambda: file.exists() and file.stat().st_mtime_ns != before,
                   "the broker's save", 60)

    def copy_store(self):
        """A copy of what it has now, for put_back()."""
        if not self._persistent:
            return
        self.wait_saved()
        self._copy = {file.name: file.read_bytes() for file in self._store.iterdir()}

    def put_back(self):
        """kill -9, and its store is again that of the last copy, if there is one."""
        self.empty()
        for name, data in self._copy.items():
            (self._store / name).write_bytes(data)

    def open_door(self, scheme, certificate=None):
        """Starts again with a second listener, that of such URLs; `certificate` is what it shows,
        and the key. Returns what has its URL."""
        port = free_port()
        lines = [f"listener {port} 127.0.0.1"]
        if scheme in ("ws", "wss"):
            lines.append("protocol websockets")
        if certificate:
            lines += [f"certfile {certificate[0]}", f"keyfile {certificate[1]}"]
        self._lines[-1:-1] = lines
        self.stop()
        self.start()
        return Door(f"{scheme}://127.0.0.1:{port}", port)

    def websocket_door(self):
        return self.open_door("ws")

    def show(self, certificate, key):
        """Speaks TLS from the next start on."""
        self._certificate = [f"certfile {certificate}", f"keyfile {key}"]

    @property
    def url(self):
        return f"{'mqtts' if self._certificate else 'mqtt'}://127.0.0.1:{self.port}"
