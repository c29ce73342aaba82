"""The journal can be looked into with the daemon, and without: list, show, verify, losses.

The contract's "The CLI"
"""
from stage import SALE, SALE_ABOVE, Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 10, text="cup of tea number {}")
    headquarters.wait_count(10)
    bascule.wait_drained()
    sequence = headquarters.unique[4].stamp.split("/")[3]

    def look(which):
        commands = "list", f"show --from {sequence} --count 1", "verify", "losses"
        answers = [bascule.cli("journal", *command.split()) for command in commands]
        for command, answer in zip(commands, answers):
            assert answer.returncode == 0, f"{which}: journal {command}: {answer}"
        listed, shown = answers[0].stdout, answers[1].stdout
        assert "default" in listed, listed
        assert "cup of tea number 5" in shown and SALE_ABOVE in shown, shown

    look("with the daemon")
    bascule.check_books()
    assert bascule.terminate() == 0
    look("without the daemon")

    status = bascule.cli("status")
    assert status.returncode == 3 and status.stderr.strip().count("\n") == 0, status
