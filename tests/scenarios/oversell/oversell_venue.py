"""The worked example of config/examples/oversell: every file of it passes the check, its story goes
as it is told, also to who types nothing, and Ctrl-C leaves nothing behind. The tutorial's
application runs beside it.

R20 R24 R26
"""
import os
import re
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
    # What becomes of a sale is shown as it comes, though nobody types.
    playing.stdin.write(b"buy a hall 9\ncut a\nbuy b hall\nbuy a hall\nmend a\n")
    playing.stdin.flush()
    wait_until(lambda: "HONOUR: 1 of hall sold by site-a" in told() or playing.poll() is not None,
               lambda: f"the sale's end: {told()}")
    # The tutorial's application is beside it at the central broker, and asks each time it is told.
    port = re.search("central broker has port ([0-9]+)", told())[1]
    for number in 1, 2:
        log_path = stage.folder / f"consumer-{number}.log"
        with open(log_path, "w") as log:
            consumer = subprocess.Popen([str(EXAMPLE / "consumer.py"), port, "1", "hall"],
                                        stdout=log, stderr=log)
        try:
            wait_until(lambda: "answer to order 1: REFUSE, sold_out" in log_path.read_text() or
                       consumer.poll() is not None, lambda: f"answer {number}: {told()}")
            consumer.send_signal(signal.SIGINT)
            assert consumer.wait(20) == 0, log_path.read_text()
        finally:
            consumer.kill()
            consumer.wait()
        assert "Traceback" not in log_path.read_text(), log_path.read_text()
    broker = next((stage.folder / "tmp").glob("*/central.log")).read_text()
    assert "New client connected" in broker and "already connected" not in broker, broker
    playing.send_signal(signal.SIGINT)
    assert playing.wait(20) == 0, told()
    assert os.listdir(stage.folder / "tmp") == []
    left = subprocess.run(["pgrep", "-f", str(stage.folder / "tmp")], capture_output=True)
    assert left.stdout == b"", left
