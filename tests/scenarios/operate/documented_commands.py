"""Every command of the documents. Each `bascule …` in a document or an example of a manual page is
one that the program has, with options that it has. Each block of shell is run by a test: the tour,
the tutorial of transform and OPERATIONS.md here, as they are written, with other ports and paths;
the others where ELSEWHERE says. In OPERATIONS.md what would change the machine (systemctl, apt,
tar, chown) is a stand-in, and no other command can be reached.

R1
"""
import os
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

from stage import ROOT, SALE, Stage, wait_until
from stage.bascule import program
from stage.broker import free_port

PROGRAM = str(Path(program()).resolve())
BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.M | re.S)

# A document's blocks that another test runs, and what of that test says so.
ELSEWHERE = {
    "README.md": (".ci/run", "packaging/quickstart"),
    "CONTRIBUTING.md": ("tests/run", "ctest"),
    "plugins/README.md": ("packaging/debian/tests/plugin", "/usr/share/doc/bascule-dev/README.md"),
    "plugins/conflict/README.md": ("tests/scenarios/conflict/conflict_tutorial.py", "## Tutorial"),
    "tests/chaos/README.md": ("tests/nightly", "tests/chaos/run"),
    "tests/disk/README.md": ("tests/nightly", "tests/disk/power_cuts"),
}
HERE = {"packaging/TOUR.md", "packaging/OPERATIONS.md", "plugins/transform/README.md"}


def documents():
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md", "*.scd"],
                             cwd=ROOT, text=True, capture_output=True, check=True)
    return [name for name in tracked.stdout.splitlines()
            if (ROOT / name).is_file() and not re.search(r"CHANGELOG|decisions|lab/", name)]


@cache
def help_of(*command):
    """The commands and options that a command has."""
    text = subprocess.run([PROGRAM, *command, "--help"], text=True, capture_output=True).stdout
    below = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.M)
    commands = re.findall(r"^  (\w+)", below[1], re.M) if below else []
    options = re.findall(r"^  (?:(-\w),)?(--[\w-]+)", text, re.M)
    return commands, {name for pair in options for name in pair if name}


def commands_in(text):
    """Whatever begins with the program's name: in a span, a block, or an example of a manual."""
    blocks = re.findall(r"^ *```.*?^ *```|^# EXAMPLES.*?^# ", text, re.M | re.S)
    lines = re.findall(r"^\s*(?:sudo )?(bascule [a-z][^\n]*)$", "\n".join(blocks), re.M)
    for line in re.findall(r"`(bascule [^`\n]+)`", text) + lines:
        written = re.split(r"\s#\s|\s&&|;|\||,", line)[0].strip()
        if not re.search(r"[…]|0\.1\.0|\bDAEMON\b", written):
            yield written


def fault_of(written):
    """What is wrong with a command, if anything is."""
    try:
        words = shlex.split(written)[1:]
    except ValueError:
        return ""
    command = []
    while words and words[0] in help_of(*command)[0]:
        command.append(words.pop(0))
    if not command:
        return "" if words and words[0].startswith("-") else "there is no such command"
    options = help_of(*command)[1]
    if help_of(*command)[0]:  # one that has others below it, named by itself
        return "" if not words or words[0].startswith("-") else f"there is no '{words[0]}' in it"
    wrong = [word for word in words if re.match(r"--?[a-z]", word) and
             word.split("=")[0] not in options | {"-c"} and not re.match(r"-\d", word)]
    return f"it has no {', '.join(wrong)}" if wrong else ""


def check_names():
    seen, wrong = 0, []
    for name in documents():
        for written in commands_in((ROOT / name).read_text()):
            seen += 1
            if fault := fault_of(written):
                wrong.append(f"{name}: {written}: {fault}")
    assert not wrong, "\n".join(wrong)
    assert seen > 100, seen


def check_places():
    for name in documents():
        if not BLOCK.search((ROOT / name).read_text()) or name in HERE:
            continue
        assert name in ELSEWHERE, f"{name} has commands that no test runs"
        where, word = ELSEWHERE[name]
        assert word in (ROOT / where).read_text(), f"{where} does not say '{word}'"


def check_tests():
    """What CONTRIBUTING chooses of the tests is there; the unit tests where this tree has them."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    chosen = re.findall(r"^build/dev/(tests/\S+_unit) (-\S+)", text, re.M)
    named = re.findall(r"-R scenario\.(\w+)", text)
    assert len(chosen) > 3 and named, (chosen, named)
    for unit, which in chosen:
        tests = Path(PROGRAM).parent / unit
        if tests.exists():
            ran = subprocess.run([tests, shlex.split(which)[0], "-c"], text=True,
                                 capture_output=True, check=True)
            assert re.search(r"current filters: [1-9]", ran.stdout), f"{unit} {which}: no test"
    for name in named:
        assert list((ROOT / "tests/scenarios").glob(f"*/{name}.py")), f"no scenario {name}"


def check_story():
    """What README shows of the quickstart is what that says, but for the numbers."""
    script = (ROOT / "packaging/quickstart").read_text()
    says = re.findall(r"^(?:echo|done_with|note) \"(.*)\"$", script, re.M)
    variable = r"\\\$\\\(\\\(.*?\\\)\\\)|\\\$\w+|\\\$\\\{\w+\\\}"
    story = [re.sub(variable, ".*", re.escape(one)) for one in says]
    shown = re.search(r"^```\n(bascule: .*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)[1]
    for line in shown.splitlines():
        line = line.strip(" ✓")
        assert any(re.fullmatch(one, line) for one in story), f"the quickstart does not say: {line}"


def blocks_of(name):
    return [block for _, block in BLOCK.findall((ROOT / name).read_text())]


class Shell:
    """A terminal: what is pasted runs as a person would see it."""

    def __init__(self, stage, name, **kind):
        self.path = stage.folder / f"{name}.said"
        with open(self.path, "w") as said:
            self.process = subprocess.Popen(
                ["bash", "-m", "-O", "expand_aliases"], stdin=subprocess.PIPE, stdout=said,
                stderr=said, text=True, start_new_session=True, **kind)
        self.pasted = 0

    def paste(self, script):
        """Returns once it has been run to its end, but for what is in the background."""
        self.type(script)
        self.pasted += 1
        self.type(f"echo pasted {self.pasted}")
        self.wait(rf"^pasted {self.pasted}$")

    def type(self, script):
        self.process.stdin.write(script + "\n")
        self.process.stdin.flush()

    def wait(self, what):
        wait_until(lambda: re.search(what, self.said(), re.M),
                   lambda: f"{what}, said {self.said()}")

    def said(self):
        return self.path.read_text()

    def end(self):
        """Its jobs have groups of their own."""
        groups = subprocess.run(["ps", "-o", "pgid=", "--sid", str(self.process.pid)], text=True,
                                capture_output=True).stdout.split()
        for group in set(groups):
            subprocess.run(["kill", "-9", "--", f"-{group}"], stderr=subprocess.DEVNULL)
        self.process.wait()


def take_the_tour(stage):
    settings = stage.folder / "tour.yaml"
    others = {"1883": str(free_port()), "1884": str(free_port()),
              "/tmp/bascule-tour": str(stage.folder / "tour"),
              "$PWD/build/release/bascule": PROGRAM,
              "$PWD/config/examples/tour.yaml": str(settings)}

    def elsewhere(script):
        return re.sub("|".join(map(re.escape, others)), lambda written: others[written[0]], script)

    settings.write_text(elsewhere((ROOT / "config/examples/tour.yaml").read_text()))
    brokers, bridge, sales, cut, back, looks = map(elsewhere, blocks_of("packaging/TOUR.md"))
    one, two, three = (Shell(stage, name, cwd=ROOT) for name in ("first", "second", "third"))
    try:
        one.paste(brokers)
        two.type(bridge)
        three.paste(sales)
        one.wait("^stores/store-42/pos/till-1/sale a cup of tea$")
        one.type("kill %2")
        three.paste(cut)
        assert "central: down" in three.said(), three.said()
        one.paste(back)
        three.paste(looks)
        one.wait("^stores/store-42/pos/till-1/sale a second cup$")
        said = three.said() + two.said()
        assert not re.search(r"error:|not found|usage:", said), said
    finally:
        for shell in two, three, one:
            shell.end()


def fill_the_table(stage):
    """The tutorial of the policy transform."""
    home = stage.folder / "tutorial"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "bascule").symlink_to(PROGRAM)
    others = {"18830": str(free_port()), "18840": str(free_port()),
              "/usr/share/doc/bascule/examples/transform": str(ROOT / "config/examples/transform")}
    tutorial, = blocks_of("plugins/transform/README.md")
    tutorial = re.sub("|".join(others), lambda written: others[written[0]], tutorial)
    path = f"{home}/bin:{os.environ['PATH']}"
    shell = Shell(stage, "tutorial", cwd=home, env={**os.environ, "PATH": path})
    try:
        shell.paste(tutorial)
        said = shell.said()
        assert re.search(r"^\S+Z\|oven\|core\|21\.5$", said, re.M), said
        assert "is_not" in said or "drop" in said, said
    finally:
        shell.end()


STAND_INS = {
    "sudo": '[ "$1" = -u ] && shift 2\nexec "$@"',
    "bascule": """case $1 in
init) shift
  case " $* " in *" --from "*) ;; *) set -- --id store-42 --central "$CENTRAL" "$@";; esac
  exec "$PROGRAM" init --site "$SITE" -o "$HOME/first.yaml" "$@" ;;
*) case " $* " in *" -c "*) exec "$PROGRAM" "$@" ;; *) exec "$PROGRAM" "$@" -c "$CONFIG" ;; esac
esac""",
    "systemctl": """case "$*" in
"reload bascule") exec bascule reload ;;
"disable --now bascule") kill "$BRIDGE"
  while "$PROGRAM" status -c "$CONFIG" >/dev/null 2>&1; do sleep 0.1; done ;;
esac""",
    "install": 'for last; do :; done; : > "$last"',
    "mosquitto_sub": 'exec /usr/bin/mosquitto_sub -p "${SITE##*:}" "$@"',
    "apt": "", "tar": "", "chown": "", "build-deb": "",
}


def run_operations(stage):
    site, central = stage.broker("site"), stage.broker("central")
    bascule = stage.bascule(site, central, routes=[
        {"name": "sales", "direction": "up", "from": "pos/{rest...}"}])
    stage.publisher(site).publish_numbered(SALE, 1, 3)
    bascule.wait_drained()
    home = stage.folder / "box"
    (home / "bin").mkdir(parents=True)
    for name, script in STAND_INS.items():
        path = home / "bin" / name
        path.write_text(f"#!/bin/sh\necho \"$(basename $0) $*\" >> {home}/done\n{script}\n")
        path.chmod(0o755)
    for name in ("openssl", "tee", "basename", "sleep"):
        (home / "bin" / name).symlink_to(shutil.which(name))
    former = home / "mosquitto.conf"
    former.write_text("connection central\naddress central.example.net:1883\ntopic pos/# out 1\n")
    card = home / "card"  # of a box that lost its power
    others = {"packaging/build-deb": "build-deb",
              "/mnt/card/var/lib/bascule": str(card), "/etc/mosquitto/mosquitto.conf": str(former),
              "/etc/bascule/bascule.yaml": str(bascule.config), "/etc/bascule": str(home)}
    shutil.copytree(bascule.data_dir, card)
    environment = {"PATH": str(home / "bin"), "BRIDGE": str(bascule.pid),
                   "HOME": str(home), "PROGRAM": PROGRAM,
                   "CONFIG": str(bascule.config), "SITE": f"mqtt://127.0.0.1:{site.port}",
                   "CENTRAL": f"mqtt://127.0.0.1:{central.port}"}
    for block in blocks_of("packaging/OPERATIONS.md"):
        block = re.sub("|".join(map(re.escape, others)), lambda found: others[found[0]], block)
        ran = subprocess.run(["/bin/bash", "-e", "-c", block], cwd=home, env=environment, text=True,
                             capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
        assert ran.returncode == 0, f"{block}\n{ran.stdout}\n{ran.stderr}"
    done = (home / "done").read_text()
    for command in ("bascule doctor", "bascule reload --dry-run", "systemctl reload bascule",
                    "bascule journal verify", "bascule pause central --for 2h"):
        assert command in done, done
    assert (home / "control.tokens").read_text().startswith("look prometheus "), done


check_names()
check_places()
check_tests()
check_story()
with Stage() as stage:
    take_the_tour(stage)
with Stage() as stage:
    fill_the_table(stage)
with Stage() as stage:
    run_operations(stage)
