"""A folder that can be a small file system of its own, to be filled up; mounting needs root."""
import errno
import os
import subprocess

PIECE = 64 << 10


class Disk:
    def __init__(self, path):
        self.path = path
        self._mounted = False
        path.mkdir()

    def mount(self, mib):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "none", self.path],
                       check=True)
        self._mounted = True

    def umount(self):
        if self._mounted:
            subprocess.run(["umount", "-l", self.path], check=True)
            self._mounted = False

    def fill(self, leave_mib):
        """Writes into a file of its own until that much is left. Others may write meanwhile, so it
        looks again after each piece."""
        with open(self.path / "filling", "ab", buffering=0) as filling:
            while (room := self._left() - (leave_mib << 20)) > 0:
                try:
                    filling.write(b"x" * min(room, PIECE))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    return

    def _left(self):
        free = os.statvfs(self.path)
        return free.f_bavail * free.f_frsize

    def free(self):
        """That file is gone again."""
        (self.path / "filling").unlink(missing_ok=True)
