"""The table of OPERATIONS.md names each field of `status --json`, and none that is not there: with
both links up, and with a held topic and a broker that has forgotten.

R12
"""
import re

from stage import ROOT, SALE, Stage, wait_until

text = (ROOT / "packaging" / "OPERATIONS.md").read_text()
table = text[text.index("### The fields of `status --json`"):text.index("### What the bridge publ")]
rows = re.findall(r"^\| (`.+`) \| (.+) \|$", table, re.M)

# Full paths, as links.NAME.state; the second column has the fields within.
named = set()
for fields, meaning in rows:
    fields = re.findall(r"`([^`]+)`", fields)
    begin = fields[0].rpartition(".")[0]
    for field in fields:
        path = field if "." in field or not begin else f"{begin}.{field}"
        named.add(path)
        named |= {f"{path}.{within}" for within in re.findall(r"`([a-z_0-9]+)`", meaning)}


def paths_in(value, path=""):
    """Of a status; a name that is a link's stands as NAME, what is in a list behind []."""
    if isinstance(value, list):
        for one in value:
            yield from paths_in(one, f"{path}[]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            key = "NAME" if path == "links" else key
            yield from paths_in(inner, f"{path}.{key}" if path else key)
            if not isinstance(inner, (list, dict)):
                yield f"{path}.{key}" if path else key


def known(path):
    """A path is named by itself, or its field within a row that is about what it is in."""
    plain = path.replace("by_topic[]", "by_topic").replace("NAME.paused.", "NAME.paused")
    return plain in named


def check(status):
    missing = sorted({path for path in paths_in(status) if not known(path)})
    assert not missing, f"OPERATIONS.md says nothing of {missing}"


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    line = stage.line(central)
    bascule = stage.bascule(site, line, routes=[
        {"name": "sales", "direction": "up", "from": "pos/{rest...}"}])
    till = stage.publisher(site)
    till.publish_numbered(SALE, 1, 10)
    bascule.wait_drained()
    check(bascule.status())

    central.kill()
    central.start()
    line.restore()
    wait_until(lambda: bascule.link("central")["state"] in ("up", "slow"), "the line again")
    line.refuse = lambda topic: 0x87 if "pos" in topic else 0
    till.publish_numbered(SALE, 11, 20)
    wait_until(lambda: bascule.status()["held"]["by_topic"], "a held topic")
    status = bascule.status()
    check(status)

    # And nothing that is not there: what is null, or in an empty list, cannot be seen here.
    there = set(paths_in(status))
    roots = {path.partition(".")[0].partition("[")[0] for path in there} | set(status)
    for name in sorted(named):
        assert name.partition(".")[0].partition("[")[0] in roots, f"there is no {name}"
