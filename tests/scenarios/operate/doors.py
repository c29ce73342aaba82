"""What others do at the doors: files that only the owner reads under any umask, signals that would
kill, and clients of the control socket that are silent, slow or many when the bridge has to end.

The contract's "The CLI"
"""
import os
import signal
import socket
import stat

from stage import SALE, Stage
from stage.waiting import wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    before = os.umask(0)
    bascule = stage.bascule(site, central)
    os.umask(before)
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 10)
    headquarters.expect(range(1, 11))

    modes = {path: stat.S_IMODE(path.stat().st_mode)
             for path in [bascule.data_dir, *bascule.data_dir.iterdir()]}
    assert modes.pop(bascule.data_dir) == 0o700, modes
    assert modes and set(modes.values()) == {0o600}, modes

    for number in signal.SIGUSR1, signal.SIGUSR2:
        os.kill(bascule.pid, number)
        wait_until(lambda: f"{number.name}: ignored" in bascule.log(), f"word of {number.name}")
    till.publish_numbered(SALE, 11, 20)
    headquarters.expect(range(1, 21))

    clients = []
    for n in range(200):
        client = socket.socket(socket.AF_UNIX)
        client.connect(bascule.settings["control"]["socket"])
        client.send(b"GET /v1/status HTTP/1.1\r\nX-Slow: 1\r\n"[:n])
        clients.append(client)
    assert bascule.cli("status").returncode == 0
    assert bascule.terminate() == 0
    assert "ended; everything that waits is in the journal" in bascule.log()
