"""`bascule doctor` at services where the bridge is a guest: each address of a list is tried, what
stands behind an error is for its cause, and the keys are those that the link has. `bascule check`
opens the keys.

R12; fault: an installation that is wrong
"""
import subprocess

from services.azure_event_grid import AzureEventGrid, token
from services.azure_iot_hub import AzureIotHub
from services.by_password import ByPassword
from services.guest import example, host_of, invited, secret
from stage import Stage, http_proxy
from stage.doctor_lines import errors, line

SECRET = b"of the one who signs"
DEAD = "mqtts://127.0.0.1:1"


def ask(bridge, code):
    answer = bridge.cli("doctor", deadline_s=120)
    assert answer.returncode == code and answer.stderr == "", answer
    return answer.stdout


with Stage() as stage:
    site, ours = stage.broker("site"), stage.authority("authority")

    # Several addresses, a name of its own in TLS, a password.
    config = example("hivemq-cloud")
    hive = ByPassword("hivemq-cloud", host_of(config),
                      ours.issue("hive", hosts=f"DNS:{host_of(config)}"),
                      username="plant-7", password="open sesame")
    stage.welcome(hive)
    good, wrong = (secret(stage, name, text) for name, text in
                   (("good", "open sesame"), ("wrong", "close sesame")))
    bridge = invited(stage, site, hive, config, ours, start=False,
                     central={"url": [DEAD, hive.url], "password_file": str(good)})

    def change(**link):
        for key, value in link.items():
            if key == "tls":
                value = {**bridge.settings["central"]["tls"], **value}
            bridge.settings["central"][key] = value
        bridge.write()

    text = ask(bridge, 0)
    assert "127.0.0.1:1: cannot connect" in line(text, "warning", "central", "TCP"), text
    assert line(text, "ok", "central", "url") == f"1 of 2 addresses answer: {hive.url}", text
    valid = f"valid for {hive.host}, as tls.server_name says"
    assert valid in line(text, "ok", "central", "TLS"), text
    assert line(text, "ok", "central", "MQTT").startswith("5, as bascule-"), text
    assert "read back, cleared" in line(text, "ok", "central", "bookmark"), text
    assert not hive.broken, dict(hive.broken)

    change(url=[DEAD, "mqtts://127.0.0.1:2"])
    text = ask(bridge, 1)
    assert errors(text) == [("central", "TCP")] * 2, text
    change(url=hive.url, password_file=str(wrong))
    text = ask(bridge, 1)
    told = line(text, "error", "central", "MQTT")
    assert "check username, password_file of 'central'" in told, text
    change(password_file=str(good), tls={"server_name": "other.example"})
    text = ask(bridge, 1)
    assert line(text, "error", "central", "TLS").count("tls.server_name") == 1, text
    change(tls={"server_name": hive.host})

    # A proxy that wants to know who it is.
    proxy = stage.proxy(http_proxy)
    change(proxy=proxy.url)
    text = ask(bridge, 1)
    assert "proxy_password_file" in line(text, "error", "central", "TCP"), text
    assert bridge.cli("check").stderr.count("\"proxy_password_file\" is missing") == 1
    change(proxy_password_file=str(secret(stage, "proxy", proxy.password)))
    text = ask(bridge, 0)
    assert f"through the proxy {proxy.url}" in line(text, "ok", "central", "TCP"), text
    bridge.settings["central"].pop("proxy")
    bridge.settings["central"].pop("proxy_password_file")

    # Keys, which check opens.
    certificate, key = ours.issue("plant-7")
    locked = stage.folder / "locked.key"
    subprocess.run(["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:sesame",
                    "-out", str(locked)], check=True, capture_output=True)
    locked.chmod(0o600)
    change(tls={"cert_file": str(certificate), "key_file": str(locked)})
    answer = bridge.cli("check")
    assert answer.returncode == 1 and "central: tls.key_file: " in answer.stderr, answer
    assert "the key is encrypted; name its password with tls.key_password_file" in answer.stderr
    change(tls={"key_password_file": str(wrong)})
    answer = bridge.cli("check")
    assert "the password does not open the key" in answer.stderr, answer
    change(tls={"key_password_file": str(secret(stage, "opens", "sesame"))})
    assert bridge.cli("check").returncode == 0
    change(tls={"cert_file": str(ours.issue("other")[0])})
    assert "it is not the key of tls.cert_file" in bridge.cli("check").stderr

    # Who it is by a token that another program writes; nothing retained, QoS 1.
    config = example("azure-event-grid")
    grid = AzureEventGrid(host_of(config), ours.issue("grid", hosts=f"DNS:{host_of(config)}"),
                          secret=SECRET, space="plants/plant-7/")
    stage.welcome(grid)
    data = secret(stage, "token", token(SECRET, 3600))
    bridge = invited(stage, site, grid, config, ours, start=False, central={
        "auth": {"method": "CUSTOM-JWT", "data_file": str(data)}})
    text = ask(bridge, 0)
    assert line(text, "ok", "central", "QoS") == "up to 1, as 'max_qos' says", text
    assert line(text, "ok", "central", "retain").startswith("off here"), text
    assert "leaves no bookmark" in line(text, "skipped", "central", "bookmark"), text
    assert f"auth.data_file: {data} is closed to others" in text, text
    data.write_text("nonsense")
    text = ask(bridge, 1)
    assert "auth.method, auth.data_file" in line(text, "error", "central", "MQTT"), text
    assert "password_file" not in line(text, "error", "central", "MQTT"), text
    grid.broken.clear()

    # A device that is let in under one client id.
    config = example("azure-iot-hub")
    hub = AzureIotHub(host_of(config), ours.issue("hub", hosts=f"DNS:{host_of(config)}"),
                      device="plant-7", key=SECRET)
    stage.welcome(hub)
    bridge = invited(stage, site, hub, config, ours, start=False, central={
        "username": f"{hub.host}/plant-7/?api-version=2021-04-12",
        "token": {"kind": "azure-sas", "key_file": str(secret(stage, "sas", "a2V5")),
                  "resource": f"{hub.host}/devices/plant-7"}})
    text = ask(bridge, 0)
    assert "that is the bridge" in line(text, "skipped", "central", "MQTT"), text
    assert hub.connects == 0
