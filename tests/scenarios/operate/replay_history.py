"""A part of what has crossed is sent again while the bridge works on, chosen by sequence, time or
topic; or it is written into a file, and not sent.

The contract's "The CLI"
"""
import json
import time

from stage import SALE, SALE_ABOVE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 10)
    till.publish_numbered("pos/till-2/sale", 11, 20)
    headquarters.wait_count(20)
    bascule.wait_drained()

    def again():
        return [int(one.payload) for one in headquarters.all
                if one.user.get("bascule-replayed") == "1"]

    def replay(*choice, code=0):
        done = bascule.cli("journal", "replay", *choice)
        assert done.returncode == code, done
        return done

    assert "10 messages" in replay("--topic", SALE_ABOVE, "--since", "1h").stdout
    wait_until(lambda: again() == list(range(1, 11)), "1 to 10 again")
    # Faster than nothing, and slower than at once.
    begin = time.monotonic()
    assert "10 messages" in replay("--from", "11", "--to", "20", "--rate", "5msg/s").stdout
    assert time.monotonic() - begin >= 1
    wait_until(lambda: again()[10:] == list(range(11, 21)), "11 to 20 again")
    assert len(headquarters.unique) == 20

    file = stage.folder / "history.jsonl"
    assert "3 messages" in replay("--from", "4", "--to", "6", "--to-file", str(file)).stderr
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [one["sequence"] for one in lines] == [4, 5, 6], lines
    assert "there already" in replay("--from", "4", "--to-file", str(file), code=1).stderr
    zone = "2020-01-01T01:00:00+01:00"
    assert "20 messages" in replay("--since", zone, "--to-file", "-").stderr

    for choice, words in ((("--lane", "defalt"), "did you mean 'default'?"),
                          (("--since", "soon"), "must be a span until now"),
                          (("--until", zone), "still has 1 to 20, journaled since 20"),
                          (("--from", "21"), "still has 1 to 20"),
                          (("--from", "1", "--rate", "many"), "--rate must be")):
        error = replay(*choice, code=1).stderr
        assert words in error and error.count("\n") == 1, error
    assert len(again()) == 20, again()
    bascule.check_books()
    assert bascule.terminate() == 0
    assert replay("--from", "4", "--to", "6", code=3)
    # Without the daemon it can still be read.
    assert replay("--from", "4", "--to", "6", "--to-file", "-").stdout.count("\n") == 3
