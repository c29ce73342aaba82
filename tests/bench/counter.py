"""The load program of this folder, and what the kernel counts about a process."""
import json
import os
import subprocess
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "build" / "release" / "tests" / "load"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Load:
    """`load publish` or `load receive`, on a broker; result() waits for its JSON."""

    def __init__(self, command, broker, **options):
        arguments = [str(PROGRAM), command, "--port", str(broker.port)]
        for name, value in options.items():
            if value is True:
                arguments.append(f"--{name}")
            elif value is not False:
                arguments += [f"--{name}", str(value)]
        self._child = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        if command == "receive":
            assert self._child.stdout.readline() == "ready\n", "the counter did not start"

    def result(self):
        text, _ = self._child.communicate()
        assert text.strip() or self._child.returncode == 0, "the load failed; see above"
        return json.loads(text) if text.strip() else {}


def cpu_s(pid):
    """Processor time of a process since its start, all its threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def disk_bytes(pid):
    """What it has written to files, by the smaller of two counts that are both too high:
    write_bytes counts a whole folio of the page cache, up to 2 MiB, for any piece that is written
    into one; wchar has what was written over before it got to the disk, and some of what went to
    sockets."""
    counts = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return min(int(counts["write_bytes"]), int(counts["wchar"]))


def memory_mib(pid, what="VmRSS"):
    """VmRSS: resident now. VmHWM: the most so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    return 0.0
