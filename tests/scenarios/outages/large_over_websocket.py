"""Messages of 50 MB go to central over a WebSocket with TLS. The line is cut in the middle of one,
twice, and the broker is killed in the middle of another; both arrive, whole.

Up only: mosquitto 2.0.11 sends large messages over WebSockets at some 40 kB a second.
R3 P9; fault: cut in the middle of a frame
"""
import hashlib

from stage import SALE, SALE_ABOVE, Stage, wait_until

LARGE = 50_000_000


def digest(letter):
    return hashlib.sha256(letter.encode() * LARGE).hexdigest()


def received(receiver):
    return [hashlib.sha256(one.encode()).hexdigest() for one in receiver.payloads()]


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    authority = stage.authority()
    line = stage.line(central.open_door("wss", authority.issue("central")), raw=True)
    headquarters = stage.receiver(central, SALE_ABOVE)
    bascule = stage.bascule(site, line, journal={"max_payload": "64MiB"}, central_link={
        "client": "native", "tls": {"ca_file": str(authority.certificate)}})
    till = stage.publisher(site)

    def on_its_way(letter, cut):
        before = line.passed_bytes
        till.publish(SALE, letter * LARGE)
        for megabytes in 5, 30:
            wait_until(lambda: line.passed_bytes > before + megabytes * 1_000_000,
                       f"{megabytes} MB of it on the line", 120)
            cut()
        wait_until(lambda: digest(letter) in received(headquarters), f"all of {letter}", 120)
        bascule.wait_drained(120)

    def kill():
        central.kill()
        central.start()

    on_its_way("s", line.hang_up)
    assert received(headquarters) == [digest("s")]
    on_its_way("k", kill)
