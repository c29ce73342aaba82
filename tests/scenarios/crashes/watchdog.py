"""The service manager's watchdog is fed while the bridge works, and no more when the journal's
thread hangs, though the process lives.

Fault: slow flash, plugin hangs; systemd starts again what only looks alive
"""
import os
import socket

from stage import Stage, test_plugin, wait_until

ROUTES = [{"name": "all", "direction": "up", "from": "in/{rest...}", "policy": "faulty"}]

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(str(stage.folder / "notify.sock"))
    heard = []

    def hears(word, within_s):
        manager.settimeout(within_s)
        try:
            heard.append(manager.recv(4096).decode())
        except TimeoutError:
            return False
        return word in heard[-1]

    os.environ["NOTIFY_SOCKET"] = str(stage.folder / "notify.sock")
    os.environ["WATCHDOG_USEC"] = "400000"
    bascule = stage.bascule(site, central, routes=ROUTES, policies={
        "faulty": {"plugin": test_plugin("faulty"), "timeout": "1h"}})
    wait_until(lambda: hears("READY=1", 5), lambda: f"READY=1 among {heard}")
    for _ in range(20):
        wait_until(lambda: hears("WATCHDOG=1", 5), lambda: f"a ping after {heard}")

    till = stage.publisher(site)
    till.publish("in/1", "hang")
    # Ten times the distance of two pings without one.
    wait_until(lambda: not hears("WATCHDOG=1", 1), "the pings to end")
    assert bascule.running
    bascule.kill()  # as systemd does
    bascule.start(up=False)  # the input has had one of its three attempts, and hangs again
    wait_until(lambda: hears("READY=1", 5), "READY=1 again")
    bascule.kill()
