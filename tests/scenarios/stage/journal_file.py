"""The file of a journal that no program has open, for SQLite's own library."""
import sqlite3
from contextlib import closing

SECTOR, HEADER = 4096, 24


def opened(data_dir):
    """A connection, to be used with `with`. What a crash left in the log is brought into the file
    first: each page of it has a sector, its header at the end (bridge/journal/FORMAT.md)."""
    log, usual = data_dir / "journal.db-log", data_dir / "journal.db-wal"
    if log.exists():
        content = log.read_bytes()
        sectors = (content[at:at + SECTOR] for at in range(SECTOR, len(content), SECTOR))
        usual.write_bytes(content[:32] + b"".join(
            sector[-HEADER:] + sector[:-HEADER] + bytes(HEADER) for sector in sectors))
        log.unlink()
    return closing(sqlite3.connect(data_dir / "journal.db"))
