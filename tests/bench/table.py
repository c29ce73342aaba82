"""The medians of a comparison as a table in Markdown, for people."""
import os
import time


def number(value):
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def row(title, unit, base, full, normal=None):
    ratio = "–"
    if base and full is not None:
        ratio = f"{full / base:.2f}×"
    return f"| {title} | {unit} | {number(base)} | {number(full)} | {number(normal)} | {ratio} |"


class Figures:
    """figure(work, name) of one contender; nothing if that was not played."""

    def __init__(self, medians):
        self._medians = medians

    def __call__(self, work, name):
        return self._medians.get(work, {}).get(name)


def crossing_rows(work, title, mosquitto, full, normal, plain):
    if mosquitto(work, "per_s") is None:
        return []
    own = max(0.0, mosquitto(work, "cpu_us") - plain(work, "plain_cpu_us"))
    return [
        row(f"crossing, {title}", "msg/s", mosquitto(work, "per_s"), full(work, "per_s"),
            normal(work, "per_s")),
        row(f"CPU of the bridge, {title} ¹", "µs/msg", own, full(work, "cpu_us"),
            normal(work, "cpu_us")),
        row(f"CPU of the site's broker and the bridge, {title}", "µs/msg",
            mosquitto(work, "site_cpu_us"), full(work, "site_cpu_us"),
            normal(work, "site_cpu_us")),
        row(f"written to disk, {title}", "bytes/msg", mosquitto(work, "disk_bytes"),
            full(work, "disk_bytes"), normal(work, "disk_bytes")),
    ]


def latency_rows(work, title, mosquitto, full):
    if mosquitto(work, "p50_ms") is None:
        return []
    rows = [row(f"latency at {title}, {name}", "ms", mosquitto(work, key), full(work, key))
            for name, key in (("p50", "p50_ms"), ("p99", "p99_ms"), ("p99.9", "p999_ms"))]
    return rows + [row(f"written to disk at {title}", "bytes/msg", mosquitto(work, "disk_bytes"),
                       full(work, "disk_bytes"))]


def table(medians, options, loads):
    mosquitto, full, normal, plain = (Figures(medians[name]) for name in
                                      ("mosquitto", "full", "normal", "plain"))
    share = 10 if options.quick else 1
    rows = crossing_rows("crossing_small", "200 B", mosquitto, full, normal, plain)
    rows += crossing_rows("crossing_large", "10 KiB", mosquitto, full, normal, plain)
    rows += latency_rows("latency_100", "100 msg/s", mosquitto, full)
    rows += latency_rows("latency_1000", "1,000 msg/s", mosquitto, full)
    if full("drain", "per_s"):
        count = options.waiting
        rows += [row(f"takes {count:,} in an outage", "msg/s", mosquitto("drain", "taken_per_s"),
                     full("drain", "taken_per_s")),
                 row(f"drains {count:,}", "msg/s", mosquitto("drain", "per_s"),
                     full("drain", "per_s")),
                 row(f"memory with {count:,} waiting", "MiB", mosquitto("drain", "rss_mib"),
                     full("drain", "rss_mib"))]
    if full("idle", "percent") is not None:
        rows.append(row("idle", "% of a core", mosquitto("idle", "percent"),
                        full("idle", "percent")))
    if full("backlog", "rss_mib"):
        count = 10_000_000 // share
        rows += [row(f"memory with {count:,} waiting, draining ²", "MiB", None,
                     full("backlog", "rss_mib")),
                 row(f"start to first message with {count:,} waiting ²", "s", None,
                     full("backlog", "first_message_s"))]
    head = [
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores shared by brokers, bridge and load; "
        f"load average {min(loads):.1f} to {max(loads):.1f}; medians of {options.rounds} rounds; "
        f"brokers let {20 if options.narrow else '1,000'} messages be in flight.",
        "",
        "| | | mosquitto's bridge | bascule, `sync: full` | `sync: normal` | full ÷ mosquitto |",
        "|---|---|---:|---:|---:|---:|"]
    each = mosquitto("drain", "rss_bytes_each")
    notes = [""]
    if plain("crossing_small", "plain_cpu_us"):
        notes.append("¹ mosquitto's bridge is in the site's broker: of its time, that of a broker "
                     "without a bridge under the same load is taken off.")
    if each and full("backlog", "rss_mib"):
        notes.append(f"² mosquitto keeps {number(each)} bytes in memory for each message that "
                     f"waits, {each * 1e7 / 2**30:.1f} GiB for 10,000,000, and a restart loses "
                     "them.")
    return "\n".join(head + rows + notes)
