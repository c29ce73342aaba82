"""Azure Event Grid as the centre, with the example for it: 10,000 readings over an outage and a
kill -9. The token changes meanwhile, and AUTH shows the new one on the same connection.

R1 R3, P1 P2 P3; fault: guest at Event Grid, outage, kill -9
"""
from services.azure_event_grid import AzureEventGrid, token
from services.guest import commands, crosses, example, host_of, invited, raw, secret
from stage import Stage, wait_until

SECRET, HOUR_S = b"of the one who signs", 3600

with Stage() as stage:
    config, ours = example("azure-event-grid"), stage.authority("microsoft")
    grid = AzureEventGrid(host_of(config), ours.issue("grid", hosts=f"DNS:{host_of(config)}"),
                          secret=SECRET, space="plants/plant-7/")
    stage.welcome(grid)
    file = secret(stage, "central.token", token(SECRET, HOUR_S))
    site = stage.broker("site")
    bascule = invited(stage, site, grid, config, ours, central={
        "auth": {"method": "CUSTOM-JWT", "data_file": str(file)}})

    def another_token():
        connects = grid.connects
        file.write_text(token(SECRET, 2 * HOUR_S))
        wait_until(lambda: grid.reauthenticated == 1, "an AUTH")
        wait_until(lambda: "has taken the new auth.data_file" in bascule.log(), "a word about it")
        assert grid.connects == connects

    commands(stage, site, grid, "plants/plant-7/command/on")
    crosses(stage, site, bascule, grid, raw, meanwhile=another_token)
