"""A folder that can be a small file system of its own, to be filled up; mounting needs root."""
import os
import subprocess


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
        """Writes into a file of its own until that much is left."""
        free = os.statvfs(self.path)
        room = free.f_bavail * free.f_frsize - (leave_mib << 20)
        with open(self.path / "filling", "ab") as filling:
            filling.write(b"x" * max(0, room))

    def free(self):
        """That file is gone again."""
        (self.path / "filling").unlink(missing_ok=True)
