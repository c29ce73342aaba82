"""A backlog is carried to the centre on a stick: each message arrives once and in order, whatever
comes back meanwhile; what is not certain, or damaged, is refused with one line.

R4, P5 P6; fault: a line that does not come back
"""
import shutil
import subprocess

from stage import SALE, SALE_ABOVE, Stage, program, wait_until

BOOKMARK = "bascule/store-42/bookmark/up"


class Shop:
    """A site that loses its line, and the hub's machine, where sticks are put in."""

    def __init__(self, stage):
        self.stage = stage
        self.site, self.central = stage.broker("site"), stage.broker("central")
        self.line = stage.line(self.central)
        self.headquarters = stage.receiver(self.central, "stores/#")
        self.till = stage.publisher(self.site)
        self.door = stage.line(self.central)  # the hub's
        self.hub = stage.bascule(self.door, None, bridge_id="hub", start=False, routes=[])
        self.bascule = stage.bascule(self.site, self.line)
        self.sold = self.sticks = 0

    def sells(self, count):
        self.till.publish_numbered(SALE, self.sold + 1, self.sold + count)
        self.sold += count
        self.till.wait_acknowledged()

    def offline(self):
        self.line.cut()
        self.bascule.wait_link("central", "down")

    def online(self):
        self.line.restore()
        self.bascule.wait_link("central", "up", "slow")
        self.bascule.wait_drained()

    def exported(self, *more):
        self.sticks += 1
        stick = self.stage.folder / f"{self.sticks}.bascule"
        done = self.bascule.cli("journal", "export", *more, str(stick))
        assert done.returncode == 0, done
        return stick

    def imported(self, stick, *more, code=0):
        """Once the broker has noticed that the site is gone."""
        def run():
            done = self.hub.cli("journal", "import", *more, str(stick))
            return None if "says to be online" in done.stderr else done
        done = wait_until(run, "the site to be known as offline")
        assert done.returncode == code, done
        assert code == 0 or done.stderr.count("\n") == 1, done.stderr
        return done

    def everything(self):
        self.headquarters.expect(range(1, self.sold + 1))

    def times(self, number):
        """How often it came on the wire."""
        return sum(one.payload == str(number) for one in self.headquarters.all)


with Stage() as stage:
    shop = Shop(stage)
    shop.sells(20)
    shop.headquarters.wait_count(20)
    shop.bascule.wait_drained()
    refused = shop.hub.cli("journal", "import", str(shop.exported()))
    assert refused.returncode in (0, 1), refused  # there may be nothing on it

    # The line is cut, and the stick goes instead; twice.
    shop.offline()
    shop.sells(30)
    stick = shop.exported()
    assert "30 messages published" in shop.imported(stick).stdout or shop.times(20) > 1
    shop.everything()
    again = shop.imported(stick)
    assert "0 messages published" in again.stdout and "had come before" in again.stdout, again
    # Nothing comes again when the line is back.
    shop.online()
    shop.sells(1)
    shop.everything()
    assert [shop.times(number) for number in range(21, 52)] == [1] * 31, shop.headquarters.repeats

    # Two sticks cross: the newer one is read first.
    shop.offline()
    shop.sells(10)
    older = shop.exported()
    shop.sells(10)
    newer = shop.exported()
    shop.imported(newer)
    assert "0 messages published" in shop.imported(older).stdout
    shop.everything()

    # While the site is there, it does it itself.
    shop.online()
    online = shop.hub.cli("journal", "import", str(newer))
    assert online.returncode == 1 and "says to be online" in online.stderr, online

    # Through a pipe, as to age and back.
    shop.offline()
    shop.sells(5)
    pipe = subprocess.run([program(), "journal", "export", "-", "-c", str(shop.bascule.config)],
                          capture_output=True, check=True)
    def piped():
        done = subprocess.run([program(), "journal", "import", "-", "-c", str(shop.hub.config)],
                              input=pipe.stdout, capture_output=True)
        return done.returncode == 0
    wait_until(piped, "the pipe's end to be taken")
    shop.everything()

    # A damaged stick changes nothing, wherever it is.
    shop.sells(200)
    stick = shop.exported("--lane", "default", "--lane", "default")  # it is there once
    bytes_of_it = stick.read_bytes()
    before = len(shop.headquarters.all)
    for at in range(9, len(bytes_of_it), len(bytes_of_it) // 5):
        broken = stage.folder / "broken.bascule"
        other = bytes([bytes_of_it[at] ^ 0x55])
        broken.write_bytes(bytes_of_it[:at] + other + bytes_of_it[at + 1:])
        error = shop.imported(broken, code=1).stderr
        assert "damaged" in error or "nothing that" in error, error
        broken.write_bytes(bytes_of_it[:at])
        assert "damaged" in shop.imported(broken, code=1).stderr
        assert "damaged" in shop.imported(broken, "--check", code=1).stderr
    assert len(shop.headquarters.all) == before

    # An import that is killed is gone on with.
    for call in (4, 7, 12):
        subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=sendto", "-e",
                        f"inject=sendto:signal=SIGKILL:when={call}", program(), "journal", "import",
                        str(stick), "-c", str(shop.hub.config)], capture_output=True)
    shop.imported(stick)
    shop.everything()

    # And the line comes back in the middle of one.
    shop.sells(3000)
    stick = shop.exported()
    running = subprocess.Popen([program(), "journal", "import", str(stick), "-c",
                                str(shop.hub.config)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    wait_until(lambda: shop.times(shop.sold - 2900) or running.poll() is not None, "some of it")
    shop.online()
    out, error = running.communicate(timeout=60)
    assert running.returncode == 0 or "connected again" in error, error
    shop.everything()
    forgot = shop.bascule.link("central").get("forgot") or {}
    assert forgot.get("bookmarks", 0) == 0, "a moved bookmark was taken for a forgetful broker"

    # Where the bookmark is gone, what came before the stick is not known.
    shop.offline()
    shop.sells(5)
    stick = shop.exported()
    buyer = stage.publisher(shop.central, "buyer")
    buyer.publish(BOOKMARK, "", retain=True)
    buyer.wait_acknowledged()
    before = len(shop.headquarters.all)
    gap = shop.imported(stick, code=1)
    assert "have not come here by its bookmark (there is none)" in gap.stderr, gap
    assert len(shop.headquarters.all) == before
    shop.imported(stick, "--anyway")
    shop.everything()
    # With all of its history there is no gap.
    shop.sells(5)
    shop.imported(shop.exported("--history"))
    shop.everything()
    shop.online()
    shop.everything()

    # A new journal has another epoch: what is on the older stick may be there already.
    shop.offline()
    shop.sells(5)
    stick = shop.exported()
    shop.online()
    shop.bascule.terminate()
    shutil.rmtree(shop.bascule.data_dir)
    shop.bascule.start()
    shop.sells(5)
    shop.headquarters.wait_count(shop.sold)
    shop.bascule.wait_drained()
    shop.offline()
    older = shop.imported(stick, code=1)
    assert "of epoch" in older.stderr and "nothing was published" in older.stderr, older
    shop.everything()
    shop.online()

# A message that the broker refuses is not passed over: the bookmark stays before it.
with Stage() as stage:
    shop = Shop(stage)
    shop.sells(5)
    shop.headquarters.wait_count(5)
    shop.offline()
    shop.sells(10)
    large = "refused " * 1000  # alone in its commit, so that it lies in a segment
    shop.till.publish("pos/till-2/sale", large)
    shop.till.wait_acknowledged()
    assert list(shop.bascule.data_dir.glob("journal.db-" + "?" * 16)), "there is no segment"
    shop.sells(10)
    stick = shop.exported()
    shop.door.refuse = lambda topic: 0x87 if topic.endswith("till-2/sale") else 0
    error = shop.imported(stick, code=1).stderr
    assert "the broker refuses message" in error and "not authorized" in error, error
    assert "till-2/sale" in error and "no import passes it" in error, error
    assert large not in shop.headquarters.payloads()
    shop.door.refuse = None
    shop.online()
    shop.headquarters.wait_payload(large)
    shop.headquarters.expect(range(1, shop.sold + 1), topic=SALE_ABOVE)

# With a key only what bears stamps of that key is taken.
with Stage() as stage:
    shop = Shop(stage)
    keys = {}
    for name in "ours", "theirs":
        keys[name] = stage.folder / name
        keys[name].write_text(f"the key that is {name}, long enough")
    shop.bascule.terminate()
    shop.bascule.settings["bridge"]["stamp_key_file"] = str(keys["ours"])
    shop.bascule.write()
    shop.bascule.start()
    shop.offline()
    shop.sells(5)
    stick = shop.exported()
    shop.hub.settings["bridge"]["stamp_key_file"] = str(keys["theirs"])
    shop.hub.write()
    assert "not proven by this bridge's stamp_key_file" in shop.imported(stick, code=1).stderr
    shop.hub.settings["bridge"]["stamp_key_file"] = str(keys["ours"])
    shop.hub.write()
    assert "5 messages" in shop.imported(stick, "--check").stdout
    shop.imported(stick)
    shop.everything()
