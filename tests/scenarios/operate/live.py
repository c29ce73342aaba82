"""`GET /v1/changes`: who listens, over the socket or over TCP, has the status at once, a link that
goes down within moments, and each event, also across a reload; and an end when the bridge ends.

The contract's "The CLI"; R12
"""
import http.client
import json
import socket
import threading

from stage import SALE, Stage, wait_until
from stage.broker import free_port

LOOK = "3f1d9c0b7a5e4d21a0c4"


class Listener(threading.Thread):
    """Somebody who listens; what it was told, newest last, by kind."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self._client = client
        self.told, self.ended = {}, False
        self._lock = threading.Lock()
        self.start()

    def run(self):
        self._client.request("GET", "/v1/changes", headers={"Authorization": f"Bearer {LOOK}"})
        answer = self._client.getresponse()
        assert answer.status == 200, answer.read()
        assert answer.getheader("Content-Type") == "text/event-stream"
        name = None
        for line in answer:
            word, _, rest = line.decode().rstrip("\n").partition(": ")
            if word == "event":
                name = rest
            elif word == "data":
                with self._lock:
                    self.told.setdefault(name, []).append(json.loads(rest))
        self.ended = True

    def of(self, kind):
        with self._lock:
            return list(self.told.get(kind, []))

    def wait(self, kind, what, deadline_s=60):
        """Something of that kind, of which `what` holds, has been told."""
        wait_until(lambda: any(what(one) for one in self.of(kind)),
                   lambda: f"{kind}, has {self.of(kind)[-1:]}", deadline_s)


def over_socket(path):
    client = http.client.HTTPConnection("localhost")
    client.sock = socket.socket(socket.AF_UNIX)
    client.sock.connect(path)
    return client


def central_is(*states):
    return lambda status: status["links"]["central"]["state"] in states


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    tokens = stage.folder / "tokens"
    tokens.write_text(f"look page {LOOK}\n")
    tokens.chmod(0o600)
    port = free_port()
    bascule = stage.bascule(site, line, control={"http": f"127.0.0.1:{port}",
                                                 "token_file": str(tokens)})
    headquarters = stage.receiver(central, "stores/#")
    till = stage.publisher(site)

    listeners = [Listener(over_socket(bascule.settings["control"]["socket"])),
                 Listener(http.client.HTTPConnection("127.0.0.1", port))]
    for listener in listeners:
        listener.wait("status", central_is("up"))
        first = listener.of("status")[0]
        assert first["bridge"] == "store-42" and not listener.of("event"), listener.told

    line.cut()
    for listener in listeners:
        listener.wait("status", central_is("down"))
    till.publish_numbered(SALE, 1, 10)
    for listener in listeners:
        listener.wait("status", lambda status: any(
            lane["name"] == "default" and lane["backlog"] == 10 for lane in status["lanes"]))
    line.restore()
    headquarters.expect(range(1, 11))
    for listener in listeners:
        listener.wait("status", central_is("up"))
        for name in "link_down", "link_up":
            listener.wait("event", lambda event, name=name: event["event"] == name
                          and event["link"] == "central")

    # Past the journal, and so not in it.
    assert bascule.cli("pause", "central").returncode == 0
    for listener in listeners:
        listener.wait("status", central_is("paused"))
        listener.wait("event", lambda event: event["event"] == "paused")
    assert bascule.cli("resume", "central").returncode == 0

    bascule.settings["journal"]["keep_forwarded"] = "1h"
    bascule.write()
    answer = bascule.cli("reload")
    assert answer.returncode == 0, answer.stderr
    bascule.wait_up()
    till.publish_numbered(SALE, 11, 20)
    headquarters.expect(range(1, 21))
    for listener in listeners:
        listener.wait("status", lambda status: status["counters"]["up"]["forwarded"] == 20)
        assert not listener.ended and not listener.of("missed")

    assert bascule.terminate() == 0
    for listener in listeners:
        listener.join(60)
        assert listener.ended
