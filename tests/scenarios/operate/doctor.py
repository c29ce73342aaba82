"""`bascule doctor` says what is wrong with each of a pair of brokers, in a line:
a name that is none, a port at which nobody listens, an expired certificate, refused credentials, an
access list that denies bascule/#, one broker under two names, mosquitto's own bridge that is still
connected. A healthy pair has no error. A bridge
that runs is not disturbed, and on users' topics nothing is published unless that is asked for.

R12; fault: an installation that is wrong
"""
import json
import re

from stage import SALE, Stage, wait_until
from stage.doctor_lines import errors, line

CANARY = "canary-0d0c-secret"


class Place:
    def __init__(self, url):
        self.url = url


def ask(bridge, *arguments, code):
    answer = bridge.cli("doctor", *arguments, deadline_s=120)
    assert answer.returncode == code, answer
    assert CANARY not in answer.stdout + answer.stderr, "the secret shows"
    assert answer.stderr == "", answer
    return answer.stdout


with Stage() as stage:
    site = stage.broker("site", watched="box")
    ours = stage.authority()
    central = stage.broker("central", watched="box",
                           options=stage.passwords({"box": CANARY}))
    central.stop()
    central.show(*ours.issue("good"))
    central.start()
    secret = stage.folder / "password"
    secret.write_text(CANARY + "\n")
    secret.chmod(0o600)
    login = {"username": "box", "password_file": str(secret),
             "tls": {"ca_file": str(ours.certificate)}}
    hq = stage.receiver(central, "stores/#", username="box", password=CANARY, ca=ours.certificate)
    shop = stage.receiver(site, "orders/#", name="shop")

    def bridge(name, to=central, **link):
        central_link = {key: value for key, value in {**login, **link}.items() if value is not None}
        return stage.bascule(site, to, start=False, bridge_id=name, site_link={"username": "box"},
                             central_link=central_link)

    # Healthy, without a daemon and with one that goes on meanwhile.
    healthy = bridge("store-42")
    for running in False, True:
        if running:
            healthy.start()
        text = ask(healthy, code=0)
        assert not errors(text), text
        for where in "site", "central":
            line(text, "ok", where, "TCP")
            assert line(text, "ok", where, "MQTT").startswith("5, as bascule-store-42-")
            assert line(text, "ok", where, "session") == "is kept"
            assert "read back, cleared" in line(text, "ok", where, "bookmark")
            line(text, "skipped", where, "publish")
        assert re.search("end in (29|30) days", line(text, "ok", "central", "TLS")), text
        assert line(text, "ok", "site", "subscribe") == "pos/# is granted"
        line(text, "ok", "here", "two brokers")
        line(text, "ok", "here", "secrets")
        # Its access list does not show $SYS.
        assert "unknown" in line(text, "skipped", "site", "other bridge"), text
        for where in "site", "central":
            line(text, "ok", where, "bridge id")
    # How long a sync may take is the unit test's affair: here others use the disk, too.
    assert "(median)" in line(text, "(?:ok|warning)", "here", "disk"), text
    line(text, "ok", "here", "space")
    links = healthy.status()["links"]
    assert [links[name]["reconnects"] for name in links] == [0, 0], links
    told = json.loads(ask(healthy, "--json", code=0))
    assert told["bridge"] == "store-42" and told["errors"] == 0, told
    assert {"result": "ok", "where": "site", "check": "session",
            "text": "is kept"} in told["checks"]
    assert not hq.all and not shop.all, "it has published where users are"
    text = ask(healthy, "--probe-topics", code=0)
    assert "is taken" in line(text, "ok", "central", "publish"), text
    wait_until(lambda: hq.all and shop.all, lambda: f"the probes: {hq.all}, {shop.all}")
    assert [one.payload for one in hq.all + shop.all] == ["bascule doctor"] * 2, hq.all + shop.all

    # What each broker was asked for is gone again.
    till = stage.publisher(site)
    till.publish(SALE, "after")
    hq.wait_payload("after")
    left = stage.receiver(site, "bascule/store-42/doctor/#", name="late")
    till.publish("bascule/store-42/doctor/end", "end")
    wait_until(lambda: any(one.payload == "end" for one in left.internal), "the end")
    assert [one.payload for one in left.internal] == ["end"], left.internal

    # Sick, one after the other.
    nobody = stage.folder / "other"
    nobody.write_text("wrong\n")
    nobody.chmod(0o600)
    cases = [
        ("name", {"url": "mqtts://nowhere.invalid"}, ("central", "DNS"), "nowhere.invalid"),
        ("port", {"url": "mqtts://127.0.0.1:1"}, ("central", "TCP"), "refused"),
        ("credentials", {"password_file": str(nobody)}, ("central", "MQTT"), "check username"),
        ("authority", {"tls": {}}, ("central", "TLS"), "ca_file"),
    ]
    for name, link, (where, check), says in cases:
        text = ask(bridge(f"sick-{name}", **link), code=1)
        assert errors(text) == [(where, check)], f"{name}: {text}"
        assert says in line(text, "error", where, check), f"{name}: {text}"
        line(text, "ok", "site", "bookmark")

    sick = bridge("sick")
    central.deny("bascule/#")
    text = ask(sick, code=1)
    assert errors(text) == [("central", "bookmark")], text
    said = line(text, "error", "central", "bookmark")
    assert "allow publishing and subscribing to bascule/sick/#" in said, said
    central.deny("stores/#")
    text = ask(sick, "--probe-topics", code=1)
    assert "not authorized" in line(text, "error", "central", "publish"), text
    central.allow()

    central.stop()
    central.show(*ours.issue("expired", expired=True))
    central.start()
    text = ask(sick, code=1)
    assert errors(text) == [("central", "TLS")], text
    assert "expired" in line(text, "error", "central", "TLS"), text

    # One broker, by two names; the routes make it go round.
    secret.chmod(0o644)
    one = stage.bascule(site, Place(site.url.replace("127.0.0.1", "localhost")), start=False,
                        bridge_id="one", central_link={"username": "box",
                                                       "password_file": str(secret)},
                        routes=[{"name": "a", "direction": "up", "from": "a/{x}", "to": "b/{x}"},
                                {"name": "b", "direction": "down", "from": "b/+"}])
    text = ask(one, code=1)
    assert errors(text) == [("here", "two brokers")], text
    assert "may read" in line(text, "warning", "here", "secrets"), text
    line(text, "ok", "central", "bookmark")

    # The bridge that this one is to replace.
    goal = stage.broker("goal")
    bridged = stage.broker("bridged", options=[
        "connection cloud", f"address 127.0.0.1:{goal.port}", "topic pos/# out 1"])
    replacing = stage.bascule(bridged, goal, start=False, bridge_id="replacing")

    def other_bridge():
        found = re.search("^warning +site +other bridge: (.*)$", ask(replacing, code=0),
                          re.MULTILINE)
        return found[1] if found and "to the same central broker:" in found[1] else None
    said = wait_until(other_bridge, "mosquitto's own bridge seen at both brokers")
    assert "crosses twice" in said and ".cloud is connected" in said, said

    # Tokens that everyone may read.
    tokens = stage.folder / "tokens"
    tokens.write_text("look wall 3f1d9c0b7a5e4d21a0c4\n")
    tokens.chmod(0o644)
    open_door = stage.bascule(site, site.websocket_door(), start=False, bridge_id="open-door",
                              control={"http": "127.0.0.1:8642", "token_file": str(tokens)},
                              routes=[])
    text = ask(open_door, code=0)
    assert "chmod o=" in line(text, "warning", "here", "secrets"), text

    # A broker that retains nothing.
    forgetful = stage.broker("forgetful", options=["retain_available false"])
    text = ask(bridge("forgetful", to=forgetful, tls=None), code=1)
    assert errors(text) == [("central", "retain"), ("central", "bookmark")], text

    # Over WebSockets.
    text = ask(bridge("ws", to=site.websocket_door(), tls=None), code=0)
    assert "read back, cleared" in line(text, "ok", "central", "bookmark"), text
