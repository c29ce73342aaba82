"""Secrets of each kind, each of which occurs nowhere else: passwords, a private key, tokens, the
key of the stamps. With the log at its most talkative the bridge is asked all that it can be asked,
reloads, refuses, fails to connect, and is broken; none of the secrets is in what it says, writes or
publishes, on any of its ways out.

R1; fault: secrets
"""
import http.client
import re

from stage import SALE, Stage
from stage.broker import free_port
from stage.waiting import wait_until

SITE, CENTRAL, NEXT = "canary-site-51f0", "canary-central-51f1", "canary-next-51f2"
LOOK, CHANGE = "canary-look-51f3-0123456789", "canary-change-51f4-0123456789"
STAMP = "canary-stamp-51f5-0123456789"
COMMANDS = [
    ["check"], ["check", "--explain"], ["check", "--journal"], ["status"], ["status", "--json"],
    ["status", "--check"], ["doctor"], ["doctor", "--json"], ["journal", "list"],
    ["journal", "list", "--json"], ["journal", "show"], ["journal", "losses"],
    ["journal", "repeats"], ["journal", "quarantine", "list"], ["policy", "list"],
    ["cases", "list"], ["route", SALE], ["reload", "--dry-run", "--json"], ["reload", "--json"],
    ["pause", "site", "--for", "1s"], ["resume", "--all", "--json"]]

with Stage() as stage:
    ours = stage.authority("ours")
    certificate, key = ours.issue("store-42")
    files = {name: stage.folder / f"{name}.secret" for name in
             ("site", "central", "tokens", "stamps")}
    files["site"].write_text(SITE)
    files["central"].write_text(CENTRAL)
    files["tokens"].write_text(f"look anna {LOOK}\nchange ben {CHANGE}\n")
    files["stamps"].write_text(STAMP)
    for file in files.values():
        file.chmod(0o600)
    site = stage.broker("site", options=stage.passwords({"store-42": SITE, "till-1": "till"}))
    stage.passwords({"store-42": SITE, "till-1": "till", "hq": "hq"})
    central = stage.broker("central")
    central.stop()
    central.show(*ours.issue("central"))
    central.start()
    everything = stage.receiver(central, "#", name="all", ca=ours.certificate)
    port = free_port()
    bascule = stage.bascule(
        site, central, start=False, log={"level": "debug"},
        control={"http": f"127.0.0.1:{port}", "token_file": str(files["tokens"])},
        site_link={"username": "store-42", "password_file": str(files["site"])},
        central_link={"username": "store-42", "password_file": str(files["central"]),
                      "tls": {"ca_file": str(ours.certificate), "cert_file": str(certificate),
                              "key_file": str(key)}})
    bascule.settings["bridge"]["stamp_key_file"] = str(files["stamps"])
    bascule.write()
    bascule.start()
    till = stage.publisher(site, username="till-1", password="till")
    till.publish_numbered(SALE, 1, 100)
    till.publish("nobody/wants/it", "x")
    said = []

    def ask_all():
        for command in COMMANDS:
            answer = bascule.cli(*command)
            said.append(" ".join(command) + answer.stdout + answer.stderr)
        for method, path, token in (("GET", "/v1/status", LOOK), ("GET", "/metrics", LOOK),
                                    ("GET", "/v1/changes", CHANGE + "x"), ("GET", "/nowhere", LOOK),
                                    ("POST", "/v1/reload", LOOK), ("POST", "/v1/reload", CHANGE)):
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            client.request(method, path, headers={"Authorization": f"Bearer {token}"})
            answer = client.getresponse()
            said.append(f"{answer.headers}{answer.read().decode()}")
            client.close()

    ask_all()
    # Other words in the same files, a file that is no key, one that is not there, options as text.
    files["site"].write_text(NEXT)
    wait_until(lambda: bascule.link("site")["state"] == "down", "the wrong password to be refused")
    key_text = key.read_text()
    key.write_text(key_text.replace("-----BEGIN", "----BEGIN"))
    wait_until(lambda: bascule.link("central")["warning"], "a word about the key")
    files["tokens"].write_text(f"look anna {LOOK}\nlook {CHANGE}\n")
    ask_all()
    files["tokens"].write_text(f"look anna {LOOK}\nchange ben {CHANGE}\n")
    whole = bascule.config.read_text()
    for wrong in (f'"password": "{NEXT}"', f'"password_file": "{files["site"]}.not"'):
        bascule.config.write_text(whole.replace('"username": "store-42"', wrong, 1))
        bascule.hang_up()
        ask_all()
    bascule.config.write_text(whole)
    files["site"].write_text(SITE)
    key.write_text(key_text)
    bascule.wait_up()
    everything.wait_payload("100")
    bascule.wait_drained()
    bascule.kill()
    bascule.start()
    ask_all()
    bascule.terminate()

    said += [bascule.log()]
    said += [path.read_bytes().decode(errors="replace")
             for path in bascule.data_dir.rglob("*") if path.is_file()]
    said += [str((one.topic, one.payload, one.user)) for one in
             everything.all + everything.internal]
    secrets = [SITE, CENTRAL, NEXT, STAMP, *re.findall("^[A-Za-z0-9+/=]{20,}$", key_text, re.M)]
    # What somebody wrote into the file itself is his to see again; a token as the name in a line
    # that is wrong, too.
    assert len(secrets) >= 6, secrets
    for text in said:
        for secret in [*secrets, LOOK, CHANGE]:
            assert secret not in text, (secret, text[max(0, text.find(secret) - 300):][:600])
    print(f"{len(secrets) + 2} secrets in none of {len(said)} answers, files and messages, "
          f"{sum(map(len, said)) >> 10} KiB")
