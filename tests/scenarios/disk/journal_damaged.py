"""While central is away, the journal's medium loses pages from its middle, then its first one, and
later one that the running bridge meets. Each time the start salvages what is whole: it crosses, in
order, and what does not is in the ledger and told upstream. The damaged journal stays, whole. Then
the journal is found on another machine, and begins a new epoch, but not where it was moved there on
purpose.

P1, P3; faults: damaged page; SD card cloned
"""
import json

from stage import SALE, Stage, wait_until

PAGE = 4096
MESSAGES = 3000
LONG = "{} " + "." * 1500  # more of them wait than fit into memory


def punch(bascule, page):
    """Zeros in place of this page; returns the whole file as it is then."""
    path = bascule.data_dir / "journal.db"
    content = bytearray(path.read_bytes())
    content[page * PAGE:(page + 1) * PAGE] = bytes(PAGE)
    path.write_bytes(content)
    return bytes(content)


def page_of(bascule, number, overflow=False):
    """A page that has this message, or one that follows soon: one in which a row goes on, if asked
    for, since the beginnings of rows are read early."""
    content = (bascule.data_dir / "journal.db").read_bytes()
    for one in range(number, number + 500):
        for at in range(PAGE, len(content), PAGE):
            page = content[at:at + PAGE]
            if (page[0] == 0) == overflow and f"{one}".encode() in page and (
                    f"{one + 1}".encode() in page or f"{one} ...".encode() in page):
                return at // PAGE
    raise AssertionError(f"no page has message {number}")


def lost(bascule):
    """The numbers of the ledger's ranges of damage."""
    answer = bascule.cli("journal", "losses", "--json", "--count", "10000")
    return [number for one in json.loads(answer.stdout)["losses"] if one["reason"] == "damaged"
            for number in range(one["first"], one["last"] + 1)]


def events_of(receiver, kind):
    said = [json.loads(one.payload) for one in receiver.internal]
    return [one for one in said if one["event"] == kind]


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    events = stage.receiver(central, "bascule/store-42/events", name="events")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)
    central.stop()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 1, MESSAGES)
    till.wait_acknowledged()
    epoch = bascule.status()["epoch"]
    bascule.terminate()

    pages = {page_of(bascule, number) for number in (1000, 1500, 2000)}
    assert len(pages) == 3, pages
    for page in pages:
        punch(bascule, page)
    damaged = punch(bascule, 0)
    bascule.start(up=False)
    wait_until(bascule.status, "an answer of the bridge")
    salvaged = bascule.status()["journal"]["salvaged"]
    assert salvaged["damaged_pages"] == 4, salvaged
    assert (bascule.data_dir / salvaged["aside"] / "journal.db").read_bytes() == damaged
    assert bascule.status()["epoch"] != epoch
    assert "DEGRADED" in bascule.cli("status", "--check").stdout
    gone = lost(bascule)
    assert 0 < len(gone) < MESSAGES / 2, gone
    assert bascule.lane("up")["backlog"] == MESSAGES - len(gone)

    central.start()
    headquarters.expect([number for number in range(1, MESSAGES + 1) if number not in gone])
    bascule.wait_drained()
    wait_until(lambda: events_of(events, "loss"), "word of what is lost")
    loss = events_of(events, "loss")[0]
    assert (loss["reason"], loss["count"], loss["first"]) == ("damaged", len(gone), min(gone)), loss
    assert bascule.cli("acknowledge", "journal").returncode == 0
    assert "salvaged" not in bascule.cli("status", "--check").stdout

    # By hand: nothing is damaged, and nothing changes but the epoch.
    bascule.terminate()
    answer = bascule.cli("journal", "salvage", "--json")
    assert answer.returncode == 0, answer
    by_hand = json.loads(answer.stdout)
    assert by_hand["damaged_pages"] == 0 and not any(
        lane["lost"] or lane["open_from"] for lane in by_hand["lanes"]), by_hand
    assert "DIRECTION" in bascule.cli("journal", "salvage").stdout
    bascule.start()
    till.publish_numbered(SALE, MESSAGES + 1, MESSAGES + 50)
    headquarters.expect([number for number in range(1, MESSAGES + 51) if number not in gone])
    bascule.wait_drained()

    # The running bridge reads a page that is damaged: it ends, and its next start salvages.
    central.stop()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, MESSAGES + 51, 2 * MESSAGES, text=LONG)
    till.wait_acknowledged()
    bascule.terminate()
    bascule.start(up=False)  # what it has read before is in memory
    wait_until(bascule.status, "an answer of the bridge")
    punch(bascule, page_of(bascule, 5000, overflow=True))
    central.start()
    assert bascule.wait() == 1, bascule.log()[-2000:]
    assert "its next start salvages it" in bascule.log()
    bascule.start()
    gone += lost(bascule)
    bascule.wait_drained()
    wait_until(lambda: {LONG.format(number) for number in range(MESSAGES + 51, 2 * MESSAGES + 1)
                        if number not in gone} <= set(headquarters.payloads()),
               lambda: f"all but {gone}, not {len(set(headquarters.payloads()))}")

    # On another machine.
    epoch = bascule.status()["epoch"]
    machine = bascule.data_dir / "machine"
    here = machine.read_text() if machine.exists() else None
    if here is not None:
        bascule.terminate()
        machine.write_text("0123456789abcdef0123456789abcdef\n")
        bascule.start()
        assert bascule.status()["epoch"] != epoch
        assert "another machine" in bascule.status()["journal"]["moved"]["advice"]
        assert machine.read_text() == here
        epoch = bascule.status()["epoch"]
        bascule.terminate()
        machine.write_text("0123456789abcdef0123456789abcdef\n")
        assert bascule.cli("journal", "adopt").returncode == 0
        bascule.start()
        assert bascule.status()["epoch"] == epoch
