"""A message that the central broker can never take is quarantined, whole. It can be listed, shown,
sent again once the broker is mended, and dropped; `journal losses` and `journal show` tell of it.

P3 P8 P9; the contract's "The CLI"
"""
import json

from stage import SALE, SALE_ABOVE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    line.refuse = lambda topic: 0x99 if topic == SALE_ABOVE else 0
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, line)
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 3, text="cup of tea number {}", retain=True)
    till.publish("pos/till-1/open", "yes")
    headquarters.wait_payload("yes")
    bascule.wait_drained()

    def quarantine(*arguments):
        answer = bascule.cli("journal", "quarantine", *arguments, "--json")
        assert answer.returncode == 0, answer
        return json.loads(answer.stdout)

    reason = "payload format invalid (0x99)"
    listed = quarantine("list")["messages"]
    assert [one["sequence"] for one in listed] == [3, 2, 1], listed
    assert all(one["reason"] == reason for one in listed), listed
    assert quarantine("list", "--topic", "stores/+/pos/till-2/#")["messages"] == []
    assert len(quarantine("list", "--topic", "stores/+/pos/#", "--reason", "0x99", "--lane",
                          "default", "--direction", "up")["messages"]) == 3
    shown = bascule.cli("journal", "quarantine", "show", str(listed[2]["number"])).stdout
    assert "cup of tea number 1" in shown and reason in shown, shown
    state = bascule.cli("journal", "show", "--count", "1", "--from", "1").stdout
    assert f"quarantined: {reason}" in state, state
    lost = bascule.cli("journal", "losses").stdout
    assert "3 messages are quarantined" in lost and "requeue" in lost, lost
    assert "3 messages are quarantined" in bascule.cli("status").stdout

    line.refuse = None
    assert quarantine("drop", str(listed[1]["number"]))["done"] == 1
    assert quarantine("requeue", "--reason", "0x99")["done"] == 2
    headquarters.expect(["yes", "cup of tea number 1", "cup of tea number 3"])
    again = headquarters.wait_payload("cup of tea number 1")
    assert again.topic == SALE_ABOVE and again.user["bascule-requeued"].endswith("/1"), again
    bascule.wait_drained()
    assert quarantine("list")["messages"] == []
    shown = json.loads(bascule.cli("journal", "show", "--json").stdout)["messages"]
    assert [one["state"] for one in shown if one["sequence"] in (1, 2, 3)] == \
        ["requeued", "lost: dropped", "requeued"], shown
    assert all(one["state"] == "forwarded" for one in shown if one["sequence"] > 3), shown
    requeued = bascule.cli("journal", "show", "--state", "requeued").stdout
    assert requeued.count("requeued") == 2, requeued
    losses = json.loads(bascule.cli("journal", "losses", "--json").stdout)
    assert [(one["first"], one["reason"]) for one in losses["losses"]] == [(2, "dropped")], losses
    nothing = bascule.cli("journal", "quarantine", "requeue")
    assert nothing.returncode == 1 and "say which" in nothing.stderr, nothing
    bascule.check_books()
    bascule.terminate()
    assert quarantine("list")["total"]["messages"] == 0
