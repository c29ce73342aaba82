"""ThingsBoard as the centre, with the example for it: 10,000 readings over an outage and a kill -9,
each in the form of its gateway API, and nothing but that.

R1 R3, P1 P2 P3; fault: guest at ThingsBoard, outage, kill -9
"""
import json

from services.guest import crosses, example, host_of, invited
from services.thingsboard import Thingsboard
from stage import Stage


def readings(one):
    return [row["values"]["temperature"] for rows in json.loads(one.payload).values()
            for row in rows] if one.topic == "v1/gateway/telemetry" else []


with Stage() as stage:
    config, ours = example("thingsboard"), stage.authority("thingsboard")
    board = Thingsboard(host_of(config), ours.issue("board", hosts=f"DNS:{host_of(config)}"),
                        token=config["central"]["username"])
    stage.welcome(board)
    site = stage.broker("site")
    bascule = invited(stage, site, board, config, ours)
    crosses(stage, site, bascule, board, readings)
    devices = stage.receiver(site, "gateway/#", name="devices")
    board.send("v1/gateway/rpc", b'{"device": "press-1"}')
    devices.wait_payload('{"device": "press-1"}')
    assert not board.broken, dict(board.broken)
