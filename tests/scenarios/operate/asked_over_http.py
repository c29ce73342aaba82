"""`control.http`: closed unless it is set; with it, strangers on the network, pages in a browser,
clients that are slow, silent, greedy or a thousand get nothing, and cost the crossing nothing. A
real Prometheus scrapes what promtool finds in order, and no secret is anywhere.

The contract's "The CLI"; R12
"""
import http.client
import json
import os
import re
import socket
import subprocess
import urllib.request
from pathlib import Path

from stage import ROOT, SALE, Stage, wait_until
from stage.broker import free_port
from stage.process import Process

LOOK, CHANGE = "3f1d9c0b7a5e4d21a0c4", "9ac4e1d27f5b60c83a7e"
PASSWORD = "canary-6b1f"
LISTEN = "0A"  # as /proc/net/tcp has it


def listening(pid):
    """The TCP ports on which the process listens."""
    own = {os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()}
    ports = []
    for table in "tcp", "tcp6":
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == LISTEN and f"socket:[{inode}]" in own:
                ports.append(int(local.split(":")[1], 16))
    return ports


def status_of(port, method, path, token=LOOK, host=None, body=None, **headers):
    """The status of the answer to one question; None: it was hung up on."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    shown = {"Host": host or f"127.0.0.1:{port}", **headers}
    if token:
        shown["Authorization"] = f"Bearer {token}"
    try:
        client.request(method, path, body, shown)
        answer = client.getresponse()
        answer.read()
        return answer.status
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        client.close()


def known(port):
    """What the server can be asked, in its own words."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    client.request("GET", "/v1/none", headers={"Authorization": f"Bearer {LOOK}"})
    problem = json.load(client.getresponse())
    client.close()
    assert problem["title"] == "Not Found" and problem["status"] == 404, problem
    return set(problem["paths"])


def metrics(port):
    question = urllib.request.Request(f"http://127.0.0.1:{port}/metrics",
                                      headers={"Authorization": f"Bearer {LOOK}"})
    with urllib.request.urlopen(question, timeout=60) as answer:
        return answer.read().decode()


def scraped(port, query):
    """What Prometheus knows."""
    url = f"http://127.0.0.1:{port}/api/v1/query?query={query}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            found = json.load(answer)["data"]["result"]
    except OSError:
        return None
    return float(found[0]["value"][1]) if found else None


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    password = stage.folder / "password"
    password.write_text(PASSWORD)
    tokens = stage.folder / "tokens"
    tokens.write_text(f"look prometheus {LOOK}\nchange office {CHANGE}\n")
    tokens.chmod(0o600)
    secret = {"username": "till", "password_file": str(password)}
    bascule = stage.bascule(site, central, site_link=secret, central_link=secret)
    till = stage.publisher(site)
    till.publish(SALE, 1)
    headquarters.expect([1])
    assert not listening(bascule.pid), listening(bascule.pid)
    bascule.terminate()

    port = free_port()
    bascule.settings["control"] |= {"http": f"127.0.0.1:{port}", "token_file": str(tokens)}
    bascule.write()
    bascule.start()
    assert listening(bascule.pid) == [port], listening(bascule.pid)

    for sold, (wanted, question) in enumerate([
            (200, {}), (200, {"token": CHANGE}),
            (401, {"token": ""}), (401, {"token": LOOK[:-1]}),
            (421, {"host": "evil.example"}), (421, {"host": f"evil.example:{port}"}),
            (403, {"Origin": "http://evil.example"}), (403, {"Origin": "null"}),
            (403, {"Sec-Fetch-Site": "cross-site"}),
            (403, {"method": "POST", "path": "/v1/journal/replay"}),
            (403, {"method": "DELETE"}), (403, {"method": "PUT", "body": b"x" * 60_000}),
            (404, {"path": "/v1/../../etc/passwd"}), (404, {"path": "/v1"}),
            (200, {"path": "/", "token": ""}), (200, {"path": "/page/api.js", "token": ""}),
            (200, {"path": "/", "Sec-Fetch-Site": "cross-site"}),
            (421, {"path": "/", "host": "evil.example"}), (404, {"path": "/page/api"}),
            (403, {"method": "POST", "path": "/"}),
            (404, {"method": "POST", "token": CHANGE}),
            (431, {"X-Long": "x" * 9_000}), (413, {"method": "POST", "body": b"x" * 100_000}),
    ], 2):
        got = status_of(port, **{"method": "GET", "path": "/v1/status", **question})
        # A client that still writes what is not wanted may be hung up on before it reads.
        assert got == wanted or (wanted in (413, 431) and got is None), (question, got)
        till.publish(SALE, sold)
    headquarters.expect(range(1, sold + 1))

    described = {f"{method.upper()} {path}" for path, methods in json.loads(
        (ROOT / "config" / "openapi.json").read_text())["paths"].items() for method in methods}
    assert known(port) == described, known(port) ^ described

    # Whoever may read the tokens may do what they let.
    assert f"change {tokens}" not in bascule.log(), bascule.log()
    tokens.chmod(0o644)
    tokens.write_text(tokens.read_text() + "# open\n")
    assert status_of(port, "GET", "/v1/status") == 200
    wait_until(lambda: f"everyone on this machine may read or change {tokens}" in bascule.log(),
               "a word about the open token file")
    tokens.chmod(0o600)

    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(1000)]
    till.publish_numbered(SALE, sold + 1, sold + 100)
    assert status_of(port, "GET", "/v1/status") == 200
    assert bascule.cli("status").returncode == 0
    headquarters.expect(range(1, sold + 101))
    for client in silent:
        client.close()

    text = metrics(port)
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                             capture_output=True)
    assert checked.returncode == 0 and not checked.stderr, checked.stderr
    monitoring = ROOT / "config" / "monitoring"
    subprocess.run(["promtool", "test", "rules", monitoring / "bascule.rules.test.yml"], check=True,
                   stdout=subprocess.DEVNULL)
    for file in "bascule.rules.yml", "grafana.json":
        for name in set(re.findall(r"\bbascule_\w+", (monitoring / file).read_text())):
            assert f"\n{name}" in text, f"{file} asks for {name}, which is no metric"

    shown = stage.folder / "shown"
    shown.write_text(LOOK)
    config = stage.folder / "prometheus.yaml"
    config.write_text(json.dumps({"scrape_configs": [{
        "job_name": "bascule", "scrape_interval": "1s",
        "authorization": {"credentials_file": str(shown)},
        "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]}))
    prometheus, own_port = Process(stage.folder / "prometheus.log"), free_port()
    stage.welcome(prometheus)
    prometheus.launch(["prometheus", f"--config.file={config}",
                       f"--web.listen-address=127.0.0.1:{own_port}",
                       f"--storage.tsdb.path={stage.folder / 'series'}"])
    wait_until(lambda: scraped(own_port, "up") == 1, lambda: f"a scrape: {prometheus.log()}", 120)
    till.publish_numbered(SALE, sold + 101, sold + 150)
    forwarded = "bascule_forwarded_messages_total{direction=%22up%22}"
    wait_until(lambda: scraped(own_port, forwarded) == sold + 150, "Prometheus to have the sales",
               120)
    headquarters.expect(range(1, sold + 151))

    everywhere = text + bascule.log() + json.dumps(bascule.status())
    for word in LOOK, CHANGE, PASSWORD:
        assert word not in everywhere
    assert "requests over HTTP were refused" in bascule.log()
    assert bascule.terminate() == 0
