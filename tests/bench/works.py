"""The work that is given to each bridge, and what is read off. Each returns a dictionary of
figures."""
import time

from counter import Load, cpu_s, disk_bytes, memory_mib

# For rates alone: the load's own share of the two cores gets small, and latency means nothing.
GATHER_US = 500


def crosses(bridge, count, received):
    assert received["unique"] == count, f"{received['missing']} of {count} did not arrive"


def crossing(bridge, size, count):
    """As fast as it goes, from the first publish to the last arrival."""
    receiver = Load("receive", bridge.central, filter=bridge.target, count=count, linger=0,
                    gather=GATHER_US)
    cpu, site_cpu, disk = cpu_s(bridge.pid), bridge.site_cpu_s(), disk_bytes(bridge.pid)
    published = Load("publish", bridge.site, topic=bridge.source, count=count, size=size,
                     gather=GATHER_US).result()
    received = receiver.result()
    crosses(bridge, count, received)
    return {"per_s": count / (received["last_ns"] - published["start_ns"]) * 1e9,
            "cpu_us": (cpu_s(bridge.pid) - cpu) / count * 1e6,
            "site_cpu_us": (bridge.site_cpu_s() - site_cpu) / count * 1e6,
            "disk_bytes": (disk_bytes(bridge.pid) - disk) / count}


def plain(broker, size, count):
    """The same load on a broker alone."""
    cpu = cpu_s(broker.pid)
    Load("publish", broker.site, topic=broker.source, count=count, size=size,
         gather=GATHER_US).result()
    return {"plain_cpu_us": (cpu_s(broker.pid) - cpu) / count * 1e6}


def latency(bridge, per_s, seconds):
    """From the write of the publisher to the read of the receiver, at a fixed rate."""
    count = per_s * seconds
    receiver = Load("receive", bridge.central, filter=bridge.target, count=count, linger=0)
    disk = disk_bytes(bridge.pid)
    Load("publish", bridge.site, topic=bridge.source, count=count, rate=per_s).result()
    received = receiver.result()
    crosses(bridge, count, received)
    return {"p50_ms": received["p50_ms"], "p99_ms": received["p99_ms"],
            "p999_ms": received["p999_ms"],
            "disk_bytes": (disk_bytes(bridge.pid) - disk) / count}


def fill(bridge, size, count):
    """The line is cut, and so many messages gather. Returns how fast they were taken."""
    Load("receive", bridge.central, filter=bridge.target, count=0, session=True).result()
    bridge.cut()
    published = Load("publish", bridge.site, topic=bridge.source, count=count, size=size,
                     gather=GATHER_US).result()
    bridge.wait_kept(count)
    return published["per_s"]


def drain(bridge, size, count):
    """What has gathered goes out, from the first arrival to the last."""
    memory = memory_mib(bridge.pid)
    taken_per_s = fill(bridge, size, count)
    waiting = memory_mib(bridge.pid)
    bridge.restore()
    received = Load("receive", bridge.central, filter=bridge.target, count=count, linger=0,
                    session=True, gather=GATHER_US).result()
    crosses(bridge, count, received)
    return {"taken_per_s": taken_per_s, "per_s": (count - 1) / received["seconds"],
            "rss_mib": waiting, "rss_bytes_each": (waiting - memory) * 2**20 / count}


def backlog(bridge, size, count, progress):
    """Of bascule alone: a start with so many waiting. Memory is the most that it had until some
    seconds later, while it drains."""
    progress(f"fills the journal with {count:,} messages")
    taken_per_s = fill(bridge, size, count)
    filled = memory_mib(bridge.pid, "VmHWM")
    journal_bytes = bridge.bascule.status()["journal"]["bytes"]
    bridge.bascule.terminate()
    bridge.restore()
    progress("starts")
    receiver = Load("receive", bridge.central, filter=bridge.target, count=1, linger=5_000,
                    session=True, gather=GATHER_US)
    start_ns = time.monotonic_ns()
    bridge.bascule.start(up=False)
    received = receiver.result()
    return {"first_message_s": (received["first_ns"] - start_ns) / 1e9,
            "rss_mib": memory_mib(bridge.pid, "VmHWM"), "rss_filling_mib": filled,
            "drain_per_s": received["arrived"] / received["seconds"],
            "taken_per_s": taken_per_s, "journal_bytes": journal_bytes}


def idle(bridge, seconds):
    """Connected, and nothing to do."""
    cpu = cpu_s(bridge.pid)
    time.sleep(seconds)
    return {"percent": (cpu_s(bridge.pid) - cpu) / seconds * 100}
