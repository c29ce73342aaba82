#!/usr/bin/python3
"""Says which source files the compiler may take as one, for BASCULE_UNITY: those of one folder
whose unnamed namespaces share no name. Prints a line per file, in the order given: its group.
"""
import re
import sys
from pathlib import Path

OPENED, CLOSED = re.compile(r"namespace \{"), re.compile(r"\}  // namespace$")
# What stands at the start of a line there defines something: its last word before the first of
# these is the name. That takes too much at times, which only makes a group smaller.
DEFINED = re.compile(r"(\w+)(?:<[^=;]*>)?\s*(?:[({=;:]|\[|$)")


def names_of(path):
    """Each name of the file's unnamed namespaces, with the line that brings it in."""
    names, within = {}, False
    for line in path.read_text().splitlines():
        if OPENED.match(line):
            within = True
        elif CLOSED.match(line):
            within = False
        elif within and re.match(r"[A-Za-z_]", line):
            found = DEFINED.search(re.sub(r"^template <.*?> ", "", line.replace("::", "_")))
            for name in [found[1]] if found else []:
                names[name] = line
            for name in re.findall(r", (\w+) =", line):  # constexpr auto a = …, b = …;
                names[name] = line
    return names


def clash(mine, theirs):
    """The same alias, or using directive, twice does no harm."""
    return any(line != theirs[name] or not line.startswith("using ")
               for name, line in mine.items() if name in theirs)


def main():
    groups = {}  # a folder's: the names of each group
    for path in map(Path, sys.argv[1:]):
        names = names_of(path)
        there = groups.setdefault(path.parent, [])
        place = next((i for i, taken in enumerate(there) if not clash(names, taken)), len(there))
        if place == len(there):
            there.append({})
        there[place].update(names)
        print(re.sub(r"\W", "_", f"{path.parent}_{place}").strip("_"))


if __name__ == "__main__":
    main()
