"""The journal's folder cannot be made, or is read-only: the bridge says so in one line and does not
start; it never runs without a journal.

Fault: read-only file system
"""
import subprocess

from stage import Stage

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    a_file = stage.folder / "file"
    a_file.write_text("not a folder")
    read_only = stage.folder / "read-only"
    read_only.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", read_only], check=True)
    try:
        for data_dir in a_file / "journal", read_only, read_only / "journal":
            bascule = stage.bascule(site, central, start=False, data_dir=data_dir)
            answer = bascule.cli("run")
            assert answer.returncode == 1, answer
            assert str(data_dir) in answer.stderr, answer
            assert answer.stderr.strip().count("\n") == 0, answer
    finally:
        subprocess.run(["umount", read_only], check=True)
