#!/usr/bin/python3
"""Holds the house style where a program can: the direction of includes, the place of foreign
headers, lengths, leftovers, format. Prints file:line: what is wrong; exit 1 if anything is.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The rooms of each tree, lowest first: each includes only from ranks before its own. A room is a
# folder, or a header with its source; where both have a rank, the file's own counts. Any room's
# settings.hpp counts as "settings": it includes nothing of its room, so that config can fill it.
BRIDGE = [
    ["text", "clock", "base64", "fold", "outage_news", "file_watch"],
    ["message"],
    ["link/broker_kind"],
    ["settings", "log"],
    ["link", "route", "journal/lane", "journal/store/sqlite"],
    ["link/token", "journal/store/segment"],
    ["link/codec", "link/paho", "journal/store/table"],
    ["link/native", "journal/store"],
    ["journal/repeats", "journal/books"],
    ["journal/retained"],
    ["journal/backlog"],
    ["journal/sessions"],
    ["journal"],
    ["journal/salvage"],
    ["crossing/subscriptions", "crossing/exchange", "crossing/comparison_retry",
     "crossing/comparison_blemishes"],
    ["crossing/filter_farewell"],
    ["link/make_link", "events", "crossing/intake", "policy"],
    ["crossing/retained_reader", "forwarder/lane", "forwarder/bookmark"],
    ["forwarder"],
    ["crossing/retained_comparison"],
    ["crossing"],
    ["crossing/former_session", "crossing/same_broker"],
    ["fleet", "history", "stick"],
    ["config"],
    ["changes"],
    ["replay", "doctor"],
    ["control/query", "control/page"],
    ["control/http"],
    ["control"],
    ["reload", "bridge"],
    ["daemon"],
    ["cli/view", "cli/draft"],
    ["cli"],
    ["main"],
]
PLUGINS = [
    ["bascule"],
    ["sdk"],
    ["conflict/options", "oversell/ladder", "transform/document", "template"],
    ["conflict/record", "oversell/options", "transform/state"],
    ["conflict/state", "oversell/ledger", "transform/steps"],
    ["conflict/merge", "transform/options"],
    ["conflict/authority/turn"],
    ["conflict/authority/decide"],
    ["conflict/authority/person"],
    ["conflict/site", "conflict/authority", "oversell/site", "oversell/authority",
     "transform/turn"],
    ["conflict/plugin", "oversell/plugin", "transform/plugin"],
]
RANKS = {tree: {room: rank for rank, rooms in enumerate(ranks) for room in rooms}
         for tree, ranks in {"bridge": BRIDGE, "plugins": PLUGINS}.items()}

# Which room of bridge/, or rooms, with those in it, may include a foreign header. A header that
# does is the room's own: no other includes it.
FOREIGN = {
    r"mqtt/|MQTT": "link/paho",
    r"openssl/": ("link", "message", "stick"),
    r"zstd\.h": "stick",
    r"libp11\.h": "link",
    r"xxhash\.h": "message",
    r"sqlite3\.h": "journal/store/sqlite",
    r"dlfcn\.h": "policy",
    r"yaml-cpp/": "config",
    r"boost/": ("link", "control/http"),
    r"prometheus/": "control",
    r"CLI/": "cli",
    r"systemd/": "daemon",
}

LINES_PER_FILE, LINES_PER_FUNCTION, COLUMNS = 450, 100, 100  # the caps; aim for 300 and 60
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

problems = []


def complain(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def room_of(name, ranks):
    """journal/store/sqlite/database.hpp is of journal/store/sqlite, clock.hpp of clock."""
    path = Path(name)
    if path.name == "settings.hpp":
        return "settings"
    places = [path.with_suffix(""), *path.parents]
    return next((str(place) for place in places if str(place) in ranks), str(places[0]))


def within(room, other):
    return room == other or room.startswith(other + "/")


def foreign_owners(included):
    owners = next((owner for pattern, owner in FOREIGN.items() if re.match(pattern, included)), ())
    return (owners,) if isinstance(owners, str) else owners


def has_foreign(header):
    return any(foreign_owners(name) for name in re.findall(r"#include <(.+)>", header.read_text()))


def check_includes(path, lines, tree):
    ranks = RANKS[tree]
    room = room_of(path.relative_to(ROOT / tree), ranks)
    if room not in ranks:
        return complain(path, 1, f"room '{room}' has no rank in tests/tidy.py")
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#include ([<"])(.+)[>"]', line)
        if not found:
            continue
        kind, included = found.groups()
        if kind == '"':
            other = room_of(included, ranks)
            if other not in ranks:
                complain(path, number, f'"{included}" is of no known room')
            elif other != room and ranks[other] >= ranks[room]:
                complain(path, number, f"{room} includes {other}, which is not below it")
            elif not within(room, other) and has_foreign(ROOT / tree / included):
                complain(path, number, f'"{included}" has foreign headers: for {other} alone')
        elif tree == "bridge" and (owners := foreign_owners(included)) and not any(
                within(room, owner) for owner in owners):
            complain(path, number, f"<{included}> belongs into {' or '.join(owners)} alone")


def check_functions(path, lines):
    """A function that is not indented ends with a brace that is not either."""
    start = None
    for number, line in enumerate(lines, 1):
        if re.match(r"[A-Za-z_].*\)[^;]*\{$|    .*\)[^;]*\{$", line) and start is None:
            start = number if not line.startswith((" ", "namespace", "class", "struct")) else None
        elif line.startswith("}") and start is not None:
            if number - start + 1 > LINES_PER_FUNCTION:
                complain(path, start, f"a function of {number - start + 1} lines")
            start = None


def check_text(path, lines, lines_max=LINES_PER_FILE):
    if len(lines) > lines_max:
        complain(path, 1, f"{len(lines)} lines; {lines_max} are the most")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            complain(path, number, f"{len(line)} columns")
        if line != line.rstrip():
            complain(path, number, "space at the end of the line")
        if LEFTOVER.search(line) and path != Path(__file__).resolve():
            complain(path, number, "a leftover note: do it or file it")


def check_types(paths):
    """Two types of one name in one namespace are one type to the linker, and it takes either."""
    places = {}
    for path in paths:
        if path.suffix == ".hpp" and path.is_relative_to(ROOT / "bridge"):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = re.match(r"(?:class|struct|enum class) (\w+)[^;]*\{", line)
                if found and (other := places.setdefault(found[1], path)) != path:
                    complain(path, number, f"{found[1]} is in {other.relative_to(ROOT)}, too")


def check_format(paths):
    ran = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, paths)], cwd=ROOT,
                         capture_output=True, text=True)
    for line in ran.stderr.splitlines():
        found = re.match(r"(/.+?):(\d+):\d+: error: ", line)
        if found:
            complain(Path(found[1]), found[2], "is not as clang-format has it")


def main():
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True,
                             capture_output=True, check=True).stdout.splitlines()
    paths = [ROOT / name for name in tracked if (ROOT / name).is_file()]
    cpp = [path for path in paths if path.suffix in (".cpp", ".hpp", ".h")]
    scripts = [path for path in paths if path.suffix in (".py", ".txt", ".cmake") or
               path.name in ("run", "quickstart")]
    for path in cpp + scripts:
        lines = path.read_text().splitlines()
        check_text(path, lines)
        if path in cpp:
            check_functions(path, lines)
            for tree in RANKS:
                if path.is_relative_to(ROOT / tree):
                    check_includes(path, lines, tree)
    check_types(cpp)
    check_format(cpp)
    print("\n".join(problems) or f"tidy: {len(cpp) + len(scripts)} files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
