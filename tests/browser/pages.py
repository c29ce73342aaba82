#!/usr/bin/python3
"""The web pages in a real browser, headless Chromium: each at the width of a phone and of a desk,
light and dark, by keyboard alone, against accessibility rules; live after a cut; one case that two
people settle at once; and whatever a stranger writes into a topic, a payload, a reason or a record
stays text.

pages.mjs does it, by way of playwright-core. Here are the brokers, the bridges and the line.

R12 R14 R37; issue 18's "Tests"
"""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenarios"))

from stage import Stage, example, program, wait_until  # noqa: E402
from stage.broker import free_port  # noqa: E402

LOOK, CHANGE = "3f1d9c0b7a5e4d21a0c4", "9ac4e1d27f5b60c83a7e"
HURT = "<img src=x onerror=window.hurt=1>"
SCRIPT = "<script>window.hurt=1</script>"


def modules():
    """The folder in which node finds what package.json names, never that of the sources."""
    folder = Path(program()).resolve().parent / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package-lock.json").read_text()
    done = folder / "installed"
    if done.exists() and done.read_text() == wanted:
        return folder
    for name in "package.json", "package-lock.json", ".npmrc":
        shutil.copy(HERE / name, folder)
    came = subprocess.run(["npm", "ci", "--ignore-scripts", "--prefer-offline"], cwd=folder,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if came.returncode != 0:
        sys.exit("no test of the web pages has run, for npm cannot get the packages: "
                 f"{came.stderr.strip()[-500:]}")
    done.write_text(wanted)
    return folder


def with_http(stage, name):
    """The section `control` of a bridge with pages, and where they are."""
    tokens = stage.folder / f"{name}.tokens"
    tokens.write_text(f"look wall {LOOK}\nchange office {CHANGE}\n")
    tokens.chmod(0o600)
    port = free_port()
    return {"http": f"127.0.0.1:{port}", "token_file": str(tokens)}, f"http://127.0.0.1:{port}"


class Cast:
    """A store and a hub at one central broker; what the browser asks for by name is done."""

    def __init__(self, stage):
        self.stage = stage
        site, self.central = stage.broker("site"), stage.broker("central")
        self.line = stage.line(self.central)
        self.line.refuse = lambda topic: 0x99 if HURT in topic else 0
        self.line.words = f"so says {HURT}".encode()
        control, self.store_url = with_http(stage, "store")
        self.store = stage.bascule(site, self.line, control=control, lanes={
            "sales": {"priority": 9}}, routes=[
                {"name": "sales", "direction": "up", "from": "pos/{rest...}",
                 "to": "stores/{bridge.id}/pos/{rest...}", "lane": "sales"},
                {"name": "orders", "direction": "down", "from": "stores/store-42/orders/#"}])
        self.till = stage.publisher(site)
        control, self.hub_url = with_http(stage, "hub")
        self.hub = stage.bascule(self.central, None, bridge_id="hub", control=control,
                                 **example("hub"))
        self.staff = stage.publisher(self.central, "staff")

    def hurt(self):
        """What a stranger may write where the store's pages show it."""
        self.till.publish(f"pos/{HURT}/sale", SCRIPT)
        wait_until(lambda: self.store.status()["quarantine"]["messages"] == 1, "quarantine")

    def case(self, record="17", one="kosher", other="halal"):
        """Two people write a field of which a person decides; its number."""
        topic = f"edits/attendee/{record}"
        fields = {"name": "Joan", "diet": "any"}
        self.staff.publish(topic, json.dumps(fields))
        for value in one, other:
            self.staff.publish(topic, json.dumps({"diet": value}), UserProperty=[("base", "0")])
        return self.number(record)

    def stray(self, record):
        """Somebody edits a record that is not there; the case's number."""
        self.staff.publish(f"edits/attendee/{record}", json.dumps({"diet": "vegan"}),
                           UserProperty=[("base", "5")])
        return self.number(record)

    def number(self, record):
        """Of the open case that is about it, once there is one."""
        def found():
            answer = json.loads(self.hub.cli("cases", "list", "--json").stdout)
            return next((one["number"] for one in answer["cases"] if one["subject"] == record), 0)
        return wait_until(found, f"a case about {record}")

    def cut(self):
        self.line.cut()

    def restore(self):
        self.line.restore()

    def sell(self, count=1):
        for number in range(count):
            self.till.publish("pos/till-1/sale", f"sale {number}")


def play(cast, folder):
    """The browser's part. What it asks for comes as lines of JSON, and is answered so."""
    environment = {**os.environ, "MODULES": str(folder), "STORE": cast.store_url,
                   "HUB": cast.hub_url, "LOOK": LOOK, "CHANGE": CHANGE, "HURT": HURT,
                   "SCRIPT": SCRIPT, "CHROMIUM": shutil.which("chromium")}
    browser = subprocess.Popen(["node", HERE / "pages.mjs", *sys.argv[1:]], env=environment,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        for line in browser.stdout:
            asked = json.loads(line) if line.startswith('{"do"') else None
            if asked is None:
                print(line, end="", flush=True)
                continue
            answer = getattr(cast, asked["do"])(*asked["with"])
            browser.stdin.write(json.dumps(answer) + "\n")
            browser.stdin.flush()
        return browser.wait(60)
    finally:
        browser.kill()


for needed in "chromium", "node", "npm":
    if not shutil.which(needed):
        sys.exit(f"no test of the web pages has run, for there is no {needed}: "
                 "packaging/install-packages test")
installed = modules()
with Stage() as stage:
    assert play(Cast(stage), installed) == 0, "see above"
