#!/usr/bin/python3
"""Holds the house style where a program can: the direction of includes, the place of foreign
headers, lengths, leftovers, format. Prints file:line: what is wrong; exit 1 if anything is.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The modules of bridge/, lowest first: each includes only from ranks before its own. A module is a
# folder, or a header with its source. Any module's settings.hpp counts as "settings": it includes
# nothing of its module, so that config can fill it.
RANKS = [
    ["topic", "message", "lane", "clock", "base64"],
    ["properties", "settings", "log"],
    ["stamp"],
    ["link", "route", "journal"],
    ["bookmark", "events", "intake", "policy"],
    ["forwarder"],
    ["crossing"],
    ["config"],
    ["control"],
    ["daemon"],
    ["cli"],
    ["main"],
]
RANK = {module: rank for rank, modules in enumerate(RANKS) for module in modules}

# Which module may include a foreign header. A header that does is the module's own: no other
# module includes it.
FOREIGN = {
    r"mqtt/|MQTT": "link",
    r"openssl/|asio": "link",
    r"sqlite3\.h": "journal",
    r"dlfcn\.h": "policy",
    r"yaml-cpp/": "config",
    r"httplib\.h": "control",
    r"CLI/": "cli",
    r"systemd/": "daemon",
}

LINES_PER_FILE, LINES_PER_FUNCTION, COLUMNS = 450, 100, 100  # the caps; aim for 300 and 60
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

problems = []


def complain(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def module_of(name):
    """journal/store.hpp is of journal, topic.hpp of topic."""
    if Path(name).name == "settings.hpp":
        return "settings"
    return Path(name).parts[0].split(".")[0]


def foreign_owner(included):
    return next((owner for pattern, owner in FOREIGN.items() if re.match(pattern, included)), None)


def has_foreign(header):
    return any(foreign_owner(name) for name in re.findall(r"#include <(.+)>", header.read_text()))


def check_includes(path, lines):
    name = path.relative_to(ROOT / "bridge")
    module = module_of(name)
    if module not in RANK:
        return complain(path, 1, f"module '{module}' has no rank in tests/tidy.py")
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#include ([<"])(.+)[>"]', line)
        if not found:
            continue
        kind, included = found.groups()
        if kind == '"':
            other = module_of(included)
            if other not in RANK:
                complain(path, number, f'"{included}" is of no known module')
            elif other != module and RANK[other] >= RANK[module]:
                complain(path, number, f"{module} includes {other}, which is not below it")
            elif other != module and has_foreign(ROOT / "bridge" / included):
                complain(path, number, f'"{included}" has foreign headers: for {other} alone')
        elif foreign_owner(included) not in (None, module):
            complain(path, number, f"<{included}> belongs into {foreign_owner(included)} alone")


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
            if path.is_relative_to(ROOT / "bridge"):
                check_includes(path, lines)
    check_format(cpp)
    print("\n".join(problems) or f"tidy: {len(cpp) + len(scripts)} files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
