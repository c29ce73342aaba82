"""AWS IoT Core as the centre, with the example for it: 10,000 readings over an outage and a
kill -9, and its policy, its limits and its rate are kept to.

R1 R3, P1 P2 P3; fault: guest at AWS, outage, kill -9
"""
from services.aws_iot import AwsIot
from services.guest import commands, crosses, example, host_of, invited, raw
from stage import Stage

TIMES = 20  # as fast as the real one, so that the test need not last two minutes

with Stage() as stage:
    config, ours, things = example("aws-iot"), stage.authority("amazon"), stage.authority("things")
    aws = AwsIot(host_of(config), ours.issue("aws", hosts=f"DNS:{host_of(config)}"),
                 client_id="plant-7", times=TIMES, ca=things.certificate,
                 publishes=["plants/plant-7/#", "bascule/plant-7/#"],
                 receives=["plants/plant-7/command/#", "bascule/plant-7/#"])
    stage.welcome(aws)
    certificate, key = things.issue("plant-7")
    site = stage.broker("site")
    bascule = invited(stage, site, aws, config, ours, central={
        "tls": {"cert_file": str(certificate), "key_file": str(key)},
        "rate": {"messages": f"{90 * TIMES}/s"}})
    commands(stage, site, aws, "plants/plant-7/command/on")
    crosses(stage, site, bascule, aws, raw)
