"""The journal can be looked into with the daemon, and without: list, show, verify, losses.

The contract's "The CLI"
"""
import json

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
        # A part is never shown as if it were all.
        part = bascule.cli("journal", "show", "--count", "4").stdout
        assert part.endswith("\n4 of 10 are shown; --count N shows more\n"), part
        part = bascule.cli("journal", "show", "--tail", "3").stdout
        assert part.endswith("\n3 of 10 are shown; --tail N shows more\n"), part
        assert "number 8" in part and "number 7" not in part, part
        part = bascule.cli("journal", "show", "--count", "4", "--topic", "stores/#").stdout
        assert part.endswith("4 are shown, and there are more; --count N shows more\n"), \
            part
        for whole in "--count 10", "--tail 10", "--count 10 --topic stores/#":
            text = bascule.cli("journal", "show", *whole.split()).stdout
            assert text.count("cup of tea") == 10 and "shows more" not in text, text
        cut = json.loads(bascule.cli("journal", "show", "--json", "--count", "4").stdout)
        assert (len(cut["messages"]), cut["of"], cut["more"]) == (4, 10, True), cut
        assert "cup of tea number 5" in shown and SALE_ABOVE in shown, shown

    look("with the daemon")
    bascule.check_books()
    assert bascule.terminate() == 0
    look("without the daemon")

    status = bascule.cli("status")
    assert status.returncode == 3 and status.stderr.strip().count("\n") == 0, status
