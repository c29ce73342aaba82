"""A file system on a disk that remembers, and what such a disk holds after a power cut."""
import os
import pickle
import subprocess
from contextlib import ExitStack
from pathlib import Path

from layer import FLUSH, MARK, WRITE
from stage.process import Process
from stage.waiting import wait_until

SECTOR = 512
# A small one is made below the size that xfs is offered for.
MKFS = {"ext4": ["mkfs.ext4", "-q"], "xfs": ["mkfs.xfs", "-q", "--unsupported"]}


def missing():
    """Why a disk cannot be made on this machine; empty: it can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    return next((f"this kernel has no {device}" for device in ("/dev/fuse", "/dev/loop-control")
                 if not Path(device).exists()), "")


def run(*command):
    subprocess.run(list(map(str, command)), check=True)


class Recording:
    """Made in a folder, and mounted at `mounted` until end(). Then `notes` has what the disk was
    told (layer.py)."""

    def __init__(self, folder, mib, file_system):
        self.size = mib << 20
        self.notes = []
        self._raw, self.mounted = folder / "raw", folder / "mounted"
        self._file = folder / "recording"
        for place in self._raw, self.mounted:
            place.mkdir()
        with ExitStack() as undo:
            layer = Process(folder / "layer.log")
            layer.launch([str(Path(__file__).with_name("layer.py")), str(self._raw), str(mib),
                          str(self._file)])
            undo.callback(layer.wait)
            wait_until((self._raw / "disk").exists, "a disk")
            undo.callback(run, "umount", self._raw)
            loop = subprocess.run(["losetup", "--find", "--show", str(self._raw / "disk")],
                                  check=True, capture_output=True, text=True).stdout.strip()
            undo.callback(run, "losetup", "--detach", loop)
            run(*MKFS[file_system], loop)
            run("mount", loop, self.mounted)
            undo.callback(run, "umount", self.mounted)
            self._marks = os.open(self._raw / "mark", os.O_WRONLY)
            undo.callback(os.close, self._marks)
            self._undo = undo.pop_all()

    def mark(self, text):
        """Whatever the disk has answered before is noted before it. Any thread."""
        os.pwrite(self._marks, text.encode(), 0)

    def end(self):
        self._undo.close()
        self.notes = pickle.loads(self._file.read_bytes())
        self._file.unlink()


def cuts(recording, places, random):
    """For each place in the notes, in ascending order: the place, the marks before it, and what the
    disk may hold when the power goes there. Of the writes since the last flush, some are there;
    which is drawn anew for each."""
    disk, doubtful, marks = bytearray(recording.size), [], []
    places = iter(sorted(places))
    wanted = next(places, None)
    for place, note in enumerate(recording.notes):
        while wanted == place:
            yield place, list(marks), _cut(disk, doubtful, random)
            wanted = next(places, None)
        if note[0] == WRITE:
            doubtful.append(note[1:])
        elif note[0] == MARK:
            marks.append(note[1])
        elif note[0] == FLUSH:
            for offset, data in doubtful:
                disk[offset:offset + len(data)] = data
            doubtful = []


def _cut(disk, doubtful, random):
    left = bytearray(disk)
    # In their order up to one of them; whole writes in any order; or single sectors.
    how = random.choice(["first", "some", "sectors"])
    kept = random.random()
    if how == "first":
        doubtful = doubtful[:random.randint(0, len(doubtful))]
    for offset, data in doubtful:
        if how == "some" and random.random() >= kept:
            continue
        for begin in range(0, len(data), SECTOR if how == "sectors" else len(data)):
            part = data[begin:begin + SECTOR] if how == "sectors" else data
            if how != "sectors" or random.random() < kept:
                left[offset + begin:offset + begin + len(part)] = part
    return left
