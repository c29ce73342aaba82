"""The stage itself: a temporary folder, and everyone who has entered."""
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from stage.bascule import Bascule
from stage.broker import Broker
from stage.certificates import Authority
from stage.clients import Publisher, Receiver
from stage.line import Line
from stage.schema import check_events
from stage.till import Till


class Stage:
    """At the end of a scenario that went well, the books of every running bridge must balance (P8),
    and the events that receivers got must be as their schema says. Then all processes end and the
    folder goes; after a failure it is kept, and the logs shown."""

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
        self.folder = Path(tempfile.mkdtemp(prefix="bascule-scenario-"))
        self._brokers, self._bridges, self._clients, self._lines = [], [], [], []
        return self

    def broker(self, name, **options):
        self._brokers.append(Broker(name, self.folder, **options))
        return self._brokers[-1]

    def proxy(self, kind):
        """http_proxy or socks_proxy."""
        self._brokers.append(kind(self.folder))
        return self._brokers[-1]

    def welcome(self, broker):
        """A broker of another make."""
        self._brokers.append(broker)

    def bascule(self, site, central, start=True, folder=None, **settings):
        bridge = Bascule(folder or self.folder, site, central, **settings)
        self._bridges.append(bridge)
        return bridge.start() if start else bridge

    def line(self, broker, **options):
        self._lines.append(Line(broker, **options))
        return self._lines[-1]

    def publisher(self, broker, name="till-1", **options):
        self._clients.append(Publisher(broker, name, **options))
        return self._clients[-1]

    def receiver(self, broker, *filters, **options):
        self._clients.append(Receiver(broker, *filters, **options))
        return self._clients[-1]

    def till(self, broker, name="till-1", **options):
        self._clients.append(Till(broker, name, **options))
        return self._clients[-1]

    def passwords(self, people):
        """The options of a broker that knows these people and no others."""
        path = self.folder / "passwords"
        path.write_text("".join(f"{name}:{word}\n" for name, word in people.items()))
        subprocess.run(["mosquitto_passwd", "-U", path], check=True)
        return ["allow_anonymous false", f"password_file {path}"]

    def authority(self, name="authority"):
        return Authority(self.folder, name)

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                for bridge in self._bridges:
                    if bridge.running:
                        bridge.check_books()
                for client in self._clients:
                    check_events(getattr(client, "internal", []))
        except BaseException:
            kind = kind or AssertionError
            raise
        finally:
            if kind is not None:
                self._show_logs()
            self.end(keep=kind is not None)

    def end(self, keep):
        """All processes end; the folder is kept or goes."""
        self._end_all()
        if not keep:
            shutil.rmtree(self.folder)

    def _end_all(self):
        for client in self._clients:
            client.leave()
        for process in self._bridges + self._brokers:
            process.leave()
        for line in self._lines:
            line.cut()

    def _show_logs(self):
        for process in self._bridges + self._brokers:
            lines = process.log().splitlines()[-25:]
            print(f"--- the end of {process.log_path}", *lines, sep="\n", file=sys.stderr)
        for bridge in self._bridges:
            if bridge.running:
                bridge.thaw()  # the scenario may have failed while it was frozen
                print(f"--- status of {bridge.id}", bridge.cli("status", "--json").stdout,
                      sep="\n", file=sys.stderr)
        print(f"--- kept: {self.folder}", file=sys.stderr)
