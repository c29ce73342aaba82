"""Azure IoT Hub as the centre, with the example for it: 10,000 readings over an outage and a
kill -9, through two topics. The bridge makes its tokens, and another one before one ends: without
an outage that anybody is told of.

R1 R3, P1 P2 P3; fault: guest at IoT Hub, outage, kill -9, token ends
"""
import base64

from services.azure_iot_hub import AzureIotHub
from services.guest import commands, crosses, example, host_of, invited, rows, secret
from stage import Stage, wait_until

KEY, TIMES = b"a key of thirty-two bytes, or so", 3

with Stage() as stage:
    config, ours = example("azure-iot-hub"), stage.authority("microsoft")
    hub = AzureIotHub(host_of(config), ours.issue("hub", hosts=f"DNS:{host_of(config)}"),
                      device="plant-7", key=KEY, times=TIMES)
    stage.welcome(hub)
    file = secret(stage, "central.sas-key", base64.b64encode(KEY))
    site = stage.broker("site")
    bascule = invited(stage, site, hub, config, ours, central={
        # The user name is made of the URL's host, which is not its own here.
        "username": f"{hub.host}/plant-7/?api-version=2021-04-12",
        "token": {"kind": "azure-sas", "key_file": str(file), "lasts": "1m",
                  "resource": f"{hub.host}/devices/plant-7"},
        "rate": {"messages": f"{90 * TIMES}/s"}})
    commands(stage, site, hub, "devices/plant-7/messages/devicebound/on")
    crosses(stage, site, bascule, hub, rows)
    connects, warnings = hub.connects, bascule.log().count(" warning link central")
    wait_until(lambda: hub.connects == connects + 1, "a connection with another token", 90)
    bascule.wait_link("central", "up")
    assert "its token ends at" in bascule.log()
    assert bascule.log().count(" warning link central") == warnings, "an outage was told"
    assert not hub.broken, dict(hub.broken)
