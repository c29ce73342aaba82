"""The tutorial of plugins/conflict/README.md, as a reader pastes it: its blocks go to one shell,
one behind the other without a pause, with other ports and folders. The case that it makes is
settled, the application of its last step edits each time it is asked to, and nothing is left.

R13 R38
"""
import re
import signal
import subprocess
from pathlib import Path

from stage import ROOT, Stage, wait_until
from stage.bascule import program
from stage.broker import free_port

text = (ROOT / "plugins" / "conflict" / "README.md").read_text()
tutorial = text[text.index("## Tutorial"):text.index("## How it decides")]
blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", tutorial, re.M | re.S)
application = re.findall(r"`(\$examples/consumer\.py [^`]*)`", tutorial)
assert len(blocks) == 4 and len(application) == 1, (blocks, application)

with Stage() as stage:
    others = {**{port: str(free_port()) for port in ("1884", "1885", "1886")},
              "/tmp/bascule-conflict": str(stage.folder / "reader"),
              "build/release/bascule": str(Path(program()).resolve()),
              "examples=config/examples/conflict": f"examples={stage.folder}/examples"}

    def elsewhere(script):
        return re.sub("|".join(others), lambda written: others[written[0]], script)

    (stage.folder / "examples").mkdir()
    for path in (ROOT / "config" / "examples" / "conflict").iterdir():
        (stage.folder / "examples" / path.name).write_text(elsewhere(path.read_text()))
        (stage.folder / "examples" / path.name).chmod(0o755)

    with open(stage.folder / "reader.log", "a") as log:
        shell = subprocess.Popen(["bash"], cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log,
                                 text=True, start_new_session=True)

    def told():
        return (stage.folder / "reader.log").read_text()

    def paste(*scripts):
        for script in scripts:
            shell.stdin.write(elsewhere(script) + "\n")
        shell.stdin.flush()

    def wait_told(what):
        wait_until(lambda: re.search(what, told()), lambda: f"{what}, told {told()}")

    try:
        paste(*blocks[:-1])
        wait_told(r"canonical/attendee/17 .*version:1 .*vegan")
        wait_told(r"kind +field")
        # What site a sees at the end.
        wait_told(r"attendee/17 \{.*halal")
        # Each time that it is started with an edit it makes that one, and Ctrl-C ends it in peace.
        for diet in "any", "vegan":
            line = application[0].replace("any", diet)
            with open(stage.folder / "reader.log", "a") as log:
                consumer = subprocess.Popen(
                    ["bash", "-c", elsewhere(f"examples=config/examples/conflict; exec {line}")],
                    stdout=log, stderr=log)
            try:
                wait_told(rf"edit (\S+): .*{diet}[\s\S]*verdict of \1: APPLY")
                consumer.send_signal(signal.SIGINT)
                assert consumer.wait(20) == 0, told()
            finally:
                consumer.kill()
                consumer.wait()
        paste(blocks[-1])
        shell.stdin.close()
        assert shell.wait(60) == 0, told()
        assert "Traceback" not in told(), told()
        assert not (stage.folder / "reader").exists(), told()
    finally:
        if shell.poll() is None:
            subprocess.run(["kill", "--", f"-{shell.pid}"], check=False)
            shell.wait()
    print(told())
