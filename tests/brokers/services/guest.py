"""The bridge as a guest: what it does with a shipped example of config/examples/clouds at the
service which that is for. Readings cross while the service is away for a while and the bridge is
killed; none is lost, none goes to quarantine, and the service has nothing to complain of."""
import json

import yaml

from stage.bascule import ROOT
from stage.waiting import wait_until

COUNT = 10_000
LINES = 4
DEADLINE_S = 200


def example(name):
    return yaml.safe_load((ROOT / "config/examples/clouds" / f"{name}.yaml").read_text())


def host_of(config):
    return config["central"]["url"].split("//")[1].split(":")[0]


def invited(stage, site, service, config, authority, central=None, **more):
    """A bridge with that configuration, and with what it shows this service in place of what the
    example names."""
    link = {key: value for key, value in config["central"].items() if key != "url"}
    link |= central or {}
    link["tls"] = {**link.get("tls", {}), "ca_file": str(authority.certificate),
                   "server_name": service.host}
    sections = {name: config[name] for name in ("lanes", "policies") if name in config}
    return stage.bascule(site, service, bridge_id=config["bridge"]["id"], central_link=link,
                         routes=config["routes"], **sections, **more)


def secret(stage, name, text):
    """A file that its owner alone may read."""
    file = stage.folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(0o600)
    return file


def raw(one):
    """The readings in what the service has accepted, where each crosses by itself."""
    return [int(one.payload)] if "/line/" in one.topic else []


def rows(one):
    """Where they cross as an object, or a list of them."""
    try:
        found = json.loads(one.payload)
    except ValueError:
        return []
    return [row["value"] for row in (found if isinstance(found, list) else [found])
            if isinstance(row, dict) and "value" in row]


def crosses(stage, site, bascule, service, readings, count=COUNT, meanwhile=lambda: None):
    """`readings` tells which a Publish has. `meanwhile` is called when a third has crossed."""
    till = stage.publisher(site, name="sensors")
    known, looked = set(), [0]

    def crossed():
        accepted = service.accepted
        known.update(number for one in accepted[looked[0]:] for number in readings(one))
        looked[0] = len(accepted)
        return len(known)

    def measures(first, last):
        for number in range(first, last + 1):
            till.publish(f"line/{number % LINES}/temperature", number)
        till.wait_acknowledged(DEADLINE_S)

    def wait_crossed(numbers):
        wait_until(lambda: crossed() >= numbers,
                   lambda: f"{numbers} readings, has {len(known)}; broken: {dict(service.broken)}; "
                           f"{bascule.link('central')}", DEADLINE_S)

    third = count // 3
    measures(1, third)
    wait_crossed(third // 2)
    meanwhile()
    service.stop()
    measures(third + 1, 2 * third)
    bascule.wait_link("central", "down")
    service.start()
    measures(2 * third + 1, count)
    wait_crossed(2 * third)
    bascule.kill()
    bascule.start()
    wait_crossed(count)
    bascule.wait_drained(DEADLINE_S)
    assert known == set(range(1, count + 1))
    counted = bascule.counters("up")
    assert counted["quarantined"] == 0 and not bascule.losses(), (counted, bascule.losses())
    assert not service.broken, dict(service.broken)
    repeated = sum(len(readings(one)) for one in service.accepted) - count
    print(f"{count} readings in {len(service.accepted)} publishes, {repeated} of them twice, over "
          f"{service.connects} connections; no rule broken")


def commands(stage, site, service, topic, count=3):
    """What the service sends comes to the site."""
    devices = stage.receiver(site, "command/#", name="devices")
    for number in range(count):
        service.send(topic, str(number).encode())
    devices.wait_count(count)
    assert sorted(devices.payloads()) == [str(number) for number in range(count)]
    assert not service.broken, dict(service.broken)
