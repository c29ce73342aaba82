"""A site whose clock is two hours behind makes tokens that are over when they are made. The status
says that the broker refuses, until when the token was good, and that nobody keeps this clock right,
if that is so; the log says it once. With the clock put right it connects, and the status says until
when the token is good.

R3, P1; fault: wrong clock, expired token
"""
import base64
import subprocess

from services.azure_iot_hub import AzureIotHub
from services.guest import example, host_of, invited, secret
from stage import Stage, wait_until

KEY, HOURS_S = b"a key of thirty-two bytes, or so", 7_200

with Stage() as stage:
    config, ours = example("azure-iot-hub"), stage.authority("microsoft")
    hub = AzureIotHub(host_of(config), ours.issue("hub", hosts=f"DNS:{host_of(config)}"),
                      device="plant-7", key=KEY)
    stage.welcome(hub)
    file = secret(stage, "central.sas-key", base64.b64encode(KEY))
    site = stage.broker("site")
    bascule = invited(stage, site, hub, config, ours, start=False, central={
        # A certificate of today is not yet valid by that clock.
        "tls": {"insecure": True},
        "username": f"{hub.host}/plant-7/?api-version=2021-04-12",
        "token": {"kind": "azure-sas", "key_file": str(file), "lasts": "1h",
                  "resource": f"{hub.host}/devices/plant-7"}})
    bascule.start(up=False, wrong_s=-HOURS_S)
    wait_until(lambda: hub.broken["a token that has expired"] > 0, "the token at the service")
    told = wait_until(lambda: bascule.link("central")["last_error"], "an error")
    assert "the broker refused: not authorized" in told, told
    kept_right = subprocess.run(["timedatectl", "show", "-p", "NTPSynchronized", "--value"],
                                capture_output=True, text=True).stdout.strip() == "yes"
    assert kept_right or "which no time source keeps right" in told, told
    # The times in it differ; the reason is the same, and is logged once.
    wait_until(lambda: hub.broken["a token that has expired"] > 8, "more attempts")
    logged = [line for line in bascule.log().splitlines() if "not authorized" in line]
    assert len(logged) == 1, logged
    assert bascule.terminate() == 0
    assert hub.connects == 0
    hub.broken.clear()
    bascule.start(up=False)
    wait_until(lambda: hub.connects > 0, lambda: f"a connection, broken: {dict(hub.broken)}")
    assert hub.broken["a token that has expired"] == 0
    assert bascule.link("central")["token_until"], bascule.link("central")
    assert "its token is good for " in bascule.cli("status").stdout
