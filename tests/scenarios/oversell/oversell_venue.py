"""The worked example of config/examples/oversell: every file of it passes the check, its story goes
as it is told, and Ctrl-C leaves nothing behind.

R20 R24 R26
"""
import os
import signal
import subprocess

from stage import ROOT, Stage, wait_until
from stage.bascule import program

EXAMPLE = ROOT / "config" / "examples" / "oversell"

for file in sorted(EXAMPLE.glob("*.yaml")):
    checked = subprocess.run([program(), "check", "-c", str(file)], capture_output=True, text=True)
    assert checked.returncode == 0, checked

with Stage() as stage:
    def venue(**options):
        log = open(stage.folder / "venue.log", "w+")
        return subprocess.Popen([str(EXAMPLE / "venue.py")], stdout=log, stderr=log,
                                env={**os.environ, "TMPDIR": str(stage.folder / "tmp")}, **options)

    def told():
        return (stage.folder / "venue.log").read_text()

    (stage.folder / "tmp").mkdir()
    with open(EXAMPLE / "story") as story:
        playing = venue(stdin=story)
        assert playing.wait(60) == 0, told()
    for line in ["SELL 1 of hall: snapshot, at_risk", "SELL 3 of tables: quota", "PROVISIONAL: 1",
                 "HONOUR: 1 of hall sold by site-a; -1 left", "staff: an extra seat",
                 "REFUSE 1 of hall: authority, sold_out", "FIRM: 3 of tables",
                 "REFUSE 9 of tables: snapshot, quota_exhausted"]:
        assert line in told(), f"not told: {line}\n{told()}"

    playing = venue(stdin=subprocess.PIPE)
    wait_until(lambda: "are open" in told() or playing.poll() is not None, "the venue to open")
    playing.send_signal(signal.SIGINT)
    assert playing.wait(20) == 0, told()
    assert os.listdir(stage.folder / "tmp") == []
    left = subprocess.run(["pgrep", "-f", str(stage.folder / "tmp")], capture_output=True)
    assert left.stdout == b"", left
