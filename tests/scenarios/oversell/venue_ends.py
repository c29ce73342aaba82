"""The venue of config/examples/oversell is ended by Ctrl-C, which a terminal sends to everyone in
it: no traceback, and no file is left."""
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from stage import ROOT, wait_until
from stage.bascule import program

with tempfile.TemporaryDirectory() as folder:
    log, left = Path(folder) / "venue.log", Path(folder) / "left"
    left.mkdir()
    with open(log, "w") as out:
        venue = subprocess.Popen(
            [sys.executable, str(ROOT / "config" / "examples" / "oversell" / "venue.py")],
            stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True,
            env={**os.environ, "TMPDIR": str(left), "BASCULE_PROGRAM": program()})
    wait_until(lambda: "a hub are open" in log.read_text() or venue.poll() is not None, "the venue",
               60)
    os.killpg(venue.pid, signal.SIGINT)
    assert venue.wait(60) == 0, log.read_text()
    assert "Traceback" not in log.read_text(), log.read_text()
    assert list(left.iterdir()) == [], list(left.iterdir())
