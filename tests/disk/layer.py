#!/usr/bin/python3
"""A disk that remembers. In a file system of its own (FUSE) it has one file, `disk`, for a loop
device. It notes each write and each flush in the order in which they come; what is written into
its file `mark` is noted between them. When the file system is unmounted, all of it goes to a file.

    tests/disk/layer.py FOLDER MIB RECORDING
"""
import errno
import pickle
import stat
import sys

from fusepy import FUSE, FuseOSError, Operations

WRITE, FLUSH, MARK = range(3)


class Layer(Operations):
    def __init__(self, size):
        self.disk = bytearray(size)
        self.notes = []  # (WRITE, offset, bytes), (FLUSH,), (MARK, text)

    def getattr(self, path, handle=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2}
        if path not in ("/disk", "/mark"):
            raise FuseOSError(errno.ENOENT)
        return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1,
                "st_size": len(self.disk) if path == "/disk" else 0}

    def readdir(self, path, handle):
        return [".", "..", "disk", "mark"]

    def read(self, path, length, offset, handle):
        return bytes(self.disk[offset:offset + length]) if path == "/disk" else b""

    def write(self, path, data, offset, handle):
        if path == "/disk":
            self.disk[offset:offset + len(data)] = data
            self.notes.append((WRITE, offset, data))
        else:
            self.notes.append((MARK, data.decode()))
        return len(data)

    def fsync(self, path, only_data, handle):
        self.notes.append((FLUSH,))
        return 0

    def flush(self, path, handle):  # close() of a file is no flush of a disk
        return 0

    def truncate(self, path, length, handle=None):
        return 0


if __name__ == "__main__":
    folder, mib, recording = sys.argv[1:]
    layer = Layer(int(mib) << 20)
    # One thread: a flush holds for what was answered before it, as with a disk.
    FUSE(layer, folder, foreground=True, nothreads=True, big_writes=True)
    with open(recording, "wb") as file:
        pickle.dump(layer.notes, file)
