"""HiveMQ Cloud as the centre, with the example for it: 10,000 readings over an outage and a
kill -9. It is found by the name in TLS alone; another one gets no connection, and a word about it.

R1 R3, P1 P2 P3; fault: guest at HiveMQ Cloud, outage, kill -9
"""
from services.by_password import ByPassword
from services.guest import commands, crosses, example, host_of, invited, raw, secret
from stage import Stage

with Stage() as stage:
    config, ours = example("hivemq-cloud"), stage.authority("hivemq")
    hive = ByPassword("hivemq-cloud", host_of(config),
                      ours.issue("hive", hosts=f"DNS:{host_of(config)}"),
                      username="plant-7", password="open sesame")
    stage.welcome(hive)
    file = secret(stage, "central.password", "open sesame")
    site = stage.broker("site")
    bascule = invited(stage, site, hive, config, ours, central={"password_file": str(file)})
    commands(stage, site, hive, "plants/plant-7/command/on")
    crosses(stage, site, bascule, hive, raw)
