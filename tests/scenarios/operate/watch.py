"""`bascule status --watch` on a terminal of 80 columns and 24 lines, while a line is cut and comes
back: each page fits, says what waits and how fast it goes, and Ctrl-C ends it well.

The contract's "The CLI"
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

from stage import SALE, Stage, program, wait_until


class Terminal:
    """A program on a terminal; what it shows, page for page."""

    def __init__(self, command, rows=24, columns=80):
        self._master, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its,
                                        env={**os.environ, "TERM": "xterm"})
        os.close(its)
        self._seen = b""

    def pages(self):
        while select.select([self._master], [], [], 0)[0]:
            self._seen += os.read(self._master, 65536)
        whole = self._seen.decode(errors="replace").split("\033[H")[1:-1]
        return [re.sub(r"\033\[[0-9;]*[A-Za-z]", "", page).replace("\r", "") for page in whole]

    def close(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        os.close(self._master)
        return code


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    lanes = {f"lane-{n:02}": {} for n in range(20)}  # more than fit
    bascule = stage.bascule(site, line, lanes=lanes)
    headquarters = stage.receiver(central, "stores/#")
    till = stage.publisher(site)
    terminal = Terminal([program(), "status", "--watch", "-c", str(bascule.config)])

    def shows(*words):
        wait_until(lambda: (pages := terminal.pages()) and all(
            re.search(word, pages[-1]) for word in words),
            lambda: f"{words}: {terminal.pages()[-1:]}")

    shows("OK", "lines more: make the window higher", r"up    forwarded ▁+ 0/s")
    line.cut()
    bascule.wait_link("central", "down")
    till.publish_numbered(SALE, 1, 500)
    shows("central", "down", r"waiting   ▁+.*█ 500\n")
    line.restore()
    headquarters.expect(range(1, 501))
    shows("OK", r"up    forwarded ▁*[▂-█]", r"waiting   ▁*[▂-█]+▁+ 0\n")
    for page in terminal.pages():
        assert page.count("\n") < 24, page
        assert all(len(row) <= 80 for row in page.splitlines()), page
    print(terminal.pages()[-1])
    assert terminal.close() == 0
