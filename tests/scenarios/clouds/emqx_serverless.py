"""EMQX Serverless as the centre, with the example for it: 10,000 readings over an outage and a
kill -9, a hundred to a message, for it takes ten messages a second.

R1 R3, P1 P2 P3; fault: guest at EMQX Serverless, outage, kill -9
"""
from services.by_password import ByPassword
from services.guest import commands, crosses, example, host_of, invited, rows, secret
from stage import Stage

with Stage() as stage:
    config, ours = example("emqx-serverless"), stage.authority("emqx")
    emqx = ByPassword("emqx-serverless", host_of(config),
                      ours.issue("emqx", hosts=f"DNS:{host_of(config)}"),
                      username="plant-7", password="open sesame")
    stage.welcome(emqx)
    file = secret(stage, "central.password", "open sesame")
    site = stage.broker("site")
    bascule = invited(stage, site, emqx, config, ours, central={"password_file": str(file)})
    commands(stage, site, emqx, "plants/plant-7/command/on")
    crosses(stage, site, bascule, emqx, rows)
