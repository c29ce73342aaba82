"""A mosquitto bridge is replaced: `bascule init --from` converts its configuration, and the same
topics cross, in the same directions, under the same names. Without a terminal a missing flag is one
line; a file that is there is not written over; no secret gets into a file or onto a terminal.

R12; fault: a configuration by hand
"""
import os
import pty
import subprocess

from stage import Stage, wait_until
from stage.bascule import program

CANARY = "canary-55aa-secret"

# Of mosquitto: what is published where, and where it has to arrive.
TOPICS = """\
topic pos/# out 1 "" stores/42/
topic cmd/+/go in 1 "" stores/42/
topic shared/# both 1
topic alarm out 1 "" hq/
topic price in 1 shop/ catalogue/
"""
UP = [("pos/till/sale", "stores/42/pos/till/sale"), ("shared/a", "shared/a"),
      ("alarm", "hq/alarm")]
DOWN = [("stores/42/cmd/7/go", "cmd/7/go"), ("shared/b", "shared/b"),
        ("catalogue/price", "shop/price")]


def init(*arguments, **more):
    return subprocess.run([program(), "init", *arguments], text=True, capture_output=True,
                          timeout=60, stdin=subprocess.DEVNULL, **more)


def crosses(way, publisher, receiver, cases):
    """Each message arrives, under its new topic."""
    receiver.all.clear()
    for source, _ in cases:
        publisher.publish(source, f"{way} {source}")
    wanted = {(target, f"{way} {source}") for source, target in cases}

    def got():
        return {(one.topic, one.payload) for one in receiver.all if one.payload.startswith(way)}

    wait_until(lambda: got() >= wanted, lambda: f"{way}: {wanted}, has {got()}")
    assert got() == wanted, f"{way}: {got()}"


def at_a_terminal(*answers, arguments=()):
    """What it asks, with these answers."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(program(), [program(), "init", *arguments])
    os.write(terminal, "".join(f"{one}\n" for one in answers).encode())
    said = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


with Stage() as stage:
    central = stage.broker("central", options=["log_type all", *stage.passwords(
        {"box": CANARY, "hq": "hq"})])
    bridges = stage.folder / "conf.d"
    bridges.mkdir()
    (bridges / "bridge.conf").write_text(f"""\
connection site-42
address 127.0.0.1:{central.port}
remote_clientid box-42
remote_username box
remote_password {CANARY}
restart_timeout 1 2
bridge_protocol_version mqttv50
{TOPICS}""")
    site = stage.broker("site", options=[f"include_dir {bridges}"])
    till = stage.publisher(site)
    hq_says = stage.publisher(central, "hq", username="hq", password="hq")
    hq = stage.receiver(central, *(target for _, target in UP), username="hq", password="hq")
    shop = stage.receiver(site, *(target for _, target in DOWN), name="shop")
    wait_until(lambda: "box-42 1 catalogue/price" in central.log(), "mosquitto's bridge")
    crosses("up", till, hq, UP)
    crosses("down", hq_says, shop, DOWN)

    # The same file, converted.
    conf = stage.folder / "site.conf"
    target = stage.folder / "site-42.yaml"
    secret = stage.folder / "central.password"
    secret.write_text(CANARY + "\n")
    secret.chmod(0o640)
    made = init("--from", str(conf), "--id", "site-42", "-o", str(target), "--password-file",
                str(secret), "--site", site.url)
    assert made.returncode == 0, made
    text = target.read_text()
    assert CANARY not in text + made.stdout + made.stderr, "the secret shows"
    assert f"{bridges}/bridge.conf:1: connection: take this connection out" in made.stderr, made
    # No unit of systemd reads that file.
    assert f"next: bascule check -c {target} && bascule run -c {target}; the service reads " \
        "/etc/bascule/bascule.yaml" in made.stderr, made.stderr
    assert "systemctl" not in made.stderr, made.stderr
    again = init("--from", str(conf), "-o", str(target))
    assert again.returncode == 1 and "--force" in again.stderr, again
    assert target.read_text() == text, "it was written over"

    # mosquitto's bridge goes, bascule comes, on the same topics.
    site.stop()
    (bridges / "bridge.conf").unlink()
    site.start()
    bascule = stage.bascule(site, central, start=False, bridge_id="site-42")
    text = text.replace("/var/lib/bascule", str(stage.folder / "journal"))
    bascule.config.write_text(text.replace("/run/bascule/control.sock",
                                           bascule.settings["control"]["socket"]))
    valid = bascule.cli("check")
    assert valid.returncode == 0 and valid.stderr == "", valid
    bascule.start()
    shop.wait_back()
    wait_until(lambda: till.here, "the till")
    crosses("up", till, hq, UP)
    crosses("down", hq_says, shop, DOWN)

    # Without a terminal; at one; several bridges.
    for arguments, missing in (["--central", central.url], "--id"), (["--id", "x"], "--central"):
        lacking = init(*arguments)
        assert lacking.returncode == 2 and len(lacking.stderr.splitlines()) == 1, lacking
        assert f"{missing} is missing" in lacking.stderr, lacking
    asked = stage.folder / "asked.yaml"
    code, said = at_a_terminal("store-7", site.url, central.url, "", "", "pos/#", "", "",
                               arguments=["-o", str(asked)])
    assert code == 0 and "Id of this bridge" in said, said
    checked = subprocess.run([program(), "check", "-c", str(asked)], capture_output=True, text=True)
    assert checked.returncode == 0 and "1 route up, 0 down" in checked.stdout, checked
    two = stage.folder / "two.conf"
    two.write_text("connection a\naddress x\ntopic a/#\nconnection b\naddress y\ntopic b/#\n")
    several = init("--from", str(two), "-o", str(stage.folder / "one.yaml"))
    assert several.returncode == 2 and "--connection" in several.stderr, several
    folder = stage.folder / "each"
    folder.mkdir()
    assert init("--from", str(two), "-o", str(folder)).returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == ["a.yaml", "b.yaml"]
    one = init("--from", str(two), "--connection", "b", "-o", "-")
    assert one.returncode == 0 and "url: mqtt://y:1883" in one.stdout, one
