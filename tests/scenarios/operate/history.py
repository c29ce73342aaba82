"""What was, for plots: an outage and what waited in it are there after a restart, an hour and two
later, and after a kill -9; where the bridge did not run, nothing is known. A wall clock that is
wrong moves none of it.

The contract's "The CLI"
"""
import http.client
import json
import socket
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from stage import SALE, Stage, wait_until

HOUR_S = 3600
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def asked(bascule, **query):
    client = http.client.HTTPConnection("localhost", timeout=60)
    client.sock = socket.socket(socket.AF_UNIX)
    client.sock.connect(bascule.settings["control"]["socket"])
    client.request("GET", "/v1/history?" + urlencode(query))
    answer = client.getresponse()
    body = json.load(answer)
    client.close()
    assert answer.status == 200, body
    return body


def time(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    begun = datetime.now(timezone.utc) - timedelta(minutes=1)
    bascule = stage.bascule(site, line)
    headquarters = stage.receiver(central, "stores/#")
    till = stage.publisher(site)

    def history(until_h=0.1):
        return asked(bascule, since=begun.strftime(FORMAT), points=100,
                     until=(begun + timedelta(hours=until_h)).strftime(FORMAT))

    def states(**about):
        return [one["state"] for one in history(**about)["links"]["central"]]

    wait_until(lambda: states()[-1:] == ["up"], lambda: f"up, has {history()}")
    line.cut()
    wait_until(lambda: states()[-2:] == ["up", "down"], lambda: f"down, has {history()}")
    till.publish_numbered(SALE, 1, 10)
    till.wait_acknowledged()
    line.restore()
    headquarters.expect(range(1, 11))
    wait_until(lambda: states()[-3:] == ["up", "down", "up"], lambda: f"up, has {history()}")
    assert list(history()["lanes"]) and history()["step"] == 60, history()
    assert bascule.terminate() == 0

    before = None
    for hours, wrong_s in (1, 0), (2, 0), (3, -10 * 365 * 86400):
        bascule.start(passed_s=hours * HOUR_S, wrong_s=wrong_s)
        wait_until(lambda h=hours: states(until_h=h + 1)[-1:] == ["up"],
                   lambda h=hours: f"up again, has {history(until_h=h + 1)}")
        links = history(until_h=0.5)["links"]["central"]
        assert [one["state"] for one in links][-3:] == ["up", "down", "up"], links
        before = before or links
        assert links == before, (links, before)
        last = history(until_h=hours + 1)["links"]["central"][-1]
        gap = time(last["from"]) - time(links[-1]["until"])
        assert gap > timedelta(hours=hours - 0.5), (links, last)
        bascule.kill()  # what is written is written
