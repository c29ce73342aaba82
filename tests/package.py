#!/usr/bin/python3
"""Holds together what says the same in several places: the keys that the program reads, the manual
and the schema; its commands and options, the manual and the completion; the packages to build with.
And every example is valid. Prints what is wrong; exit 1 if anything is.
"""
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("BASCULE_PROGRAM", str(ROOT / "build/release/bascule"))
MAN = ROOT / "packaging/man"
EXAMPLES = sorted(ROOT.glob("config/**/*.yaml"))

# What the variables of the reader are, as paths: in the manual by the heading and the key above, in
# the schema by the definition.
SECTIONS = {
    "file": ("", ""), "bridge": ("bridge", "bridge"), "journal": ("journal", "journal"),
    "link": ("site, central", "link"), "tls": ("site, central/tls", "link/tls"),
    **{name: (f"site, central/{name}", f"link/{name}")
       for name in ("reconnect", "token", "auth", "topic", "rate", "subscriptions", "own_topics",
                    "own_topics/bookmark")},
    "flash": ("journal/flash", "journal/flash"),
    "lane": ("lanes", "lane"),
    "route": ("routes", "route"), "policy": ("policies", "policy"),
    "control": ("control", "control"), "certificate": ("control/tls", "control/tls"),
    "log": ("log", "log"),
}

problems = []


def same(what, **sets):
    (one, a), (other, b) = sets.items()
    for name in sorted(a - b):
        problems.append(f"{what}: {name} is in {one}, and not in {other}")
    for name in sorted(b - a):
        problems.append(f"{what}: {name} is in {other}, and not in {one}")


def keys_of_reader():
    keys = {section: set() for section in SECTIONS}
    for path in (ROOT / "bridge/config").rglob("*.cpp"):
        section_is = {"routes.cpp": "route", "policies.cpp": "policy"}.get(path.name, "")
        asks = re.findall(r'\b(\w+)\.(read|need|read_list|read_some|section|sections|map)'
                          r'\(\s*"(\w+)"', path.read_text())
        for variable, _, key in asks:
            if variable == "section":
                variable = section_is
            elif variable in ("site", "central"):
                variable = "link"
            longer = {"own": "own_topics", "bookmark": "own_topics/bookmark"}
            variable = longer.get(variable, variable)
            if variable not in keys:
                problems.append(f"{path.name}: which section is {variable}?")
            else:
                keys[variable].add(key)
    keys["link"] |= {"url"}
    return keys


def keys_of_manual():
    """Keys stand in bold at the beginning of a line, those of a section within one indented."""
    keys = {section: set() for section in SECTIONS}
    by_place = {place: section for section, (place, _) in SECTIONS.items()}
    heading = ""
    above = []
    for line in (MAN / "bascule.yaml.5.scd").read_text().splitlines():
        if line.startswith("# "):
            heading = line[2:]
            keys["file"].update(heading.split(", ") if heading.islower() else [])
        elif found := re.match(r"(\t*)(\*\w+\*(?:, \*\w+\*)*)$", line):
            names = re.findall(r"\w+", found[2])
            del above[len(found[1]):]
            place = "/".join([heading, *above])
            above.append(names[0])
            if place in by_place:
                keys[by_place[place]].update(names)
            else:
                problems.append(f"bascule.yaml(5): keys at {place}")
    return keys


def keys_of_schema(schema):
    keys = {}
    for section, (_, place) in SECTIONS.items():
        node = schema
        for step in place.split("/") if place else []:
            node = node["properties"].get(step) or schema["$defs"][step]
            node = next((kind for kind in node.get("oneOf", []) if "properties" in kind), node)
        keys[section] = set(node["properties"])
    return keys


def check_keys():
    schema = json.loads((ROOT / "config/bascule.schema.json").read_text())
    reader, manual, of_schema = keys_of_reader(), keys_of_manual(), keys_of_schema(schema)
    for section in SECTIONS:
        same(section, program=reader[section], manual=manual[section])
        same(section, program=reader[section], schema=of_schema[section])
    jsonschema.Draft202012Validator.check_schema(schema)
    events = json.loads((ROOT / "config/events.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(events)
    validator = jsonschema.Draft202012Validator(schema)
    for path in EXAMPLES:
        # The program reads texts, so that 3.1.1 and 22:00 are no numbers.
        for error in validator.iter_errors(yaml.safe_load(path.read_text())):
            problems.append(f"{path.relative_to(ROOT)}: {error.json_path}: {error.message}")
    for wrong in ({"bridge": {"id": "x", "idd": 1}}, {"journal": {"sync": "ful"}},
                  {"lanes": {"a": {"rate": "10"}}}, {"routes": [{"name": "a"}]}):
        valid = {"bridge": {"id": "x"}, "site": {"url": "mqtt://a"}, "central": {"url": "ws://b"}}
        if validator.is_valid({**valid, **wrong}) or not validator.is_valid(valid):
            problems.append(f"the schema takes {wrong}")


def check_shown():
    """What README says: config/bascule.yaml shows every key."""
    text = (ROOT / "config/bascule.yaml").read_text()
    for section, keys in keys_of_reader().items():
        for key in sorted(keys - {"file"}):
            if not re.search(rf"\b{re.escape(key)}:", text):
                problems.append(f"config/bascule.yaml does not show {section}: {key}")


def check_examples():
    for path in EXAMPLES:
        ran = subprocess.run([PROGRAM, "check", "-c", path], text=True, capture_output=True)
        if ran.returncode != 0:
            problems.append(f"{path.relative_to(ROOT)}: bascule check: {ran.stderr.strip()}")


def check_blocks():
    """A block of YAML in a document is a piece of a file that the schema takes."""
    validator = jsonschema.Draft202012Validator(
        json.loads((ROOT / "config/bascule.schema.json").read_text()))
    valid = {"bridge": {"id": "x"}, "site": {"url": "mqtt://a"}, "central": {"url": "ws://b"},
             "routes": []}
    found = 0
    for path in [ROOT / "README.md", *sorted(ROOT.glob("packaging/*.md")),
                 *sorted(ROOT.glob("plugins/**/README.md"))]:
        for block in re.findall(r"^```yaml\n(.*?)^```", path.read_text(), re.M | re.S):
            for part in re.split(r"\n\n(?=#)", textwrap.dedent(block)):  # a file each
                piece = yaml.safe_load(part)
                if not set(piece) & set(valid) and not set(piece) & {"control", "journal"}:
                    continue  # of a policy's options
                found += 1
                for error in validator.iter_errors({**valid, **piece}):
                    problems.append(f"{path.relative_to(ROOT)}: {error.json_path}: {error.message}")
    if found < 5:
        problems.append(f"only {found} blocks of YAML in the documents")


def help_of(*command):
    """The commands and options that the help of a command names."""
    text = subprocess.run([PROGRAM, *command, "--help"], text=True, capture_output=True).stdout
    below = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.M)
    commands = re.findall(r"^  (\w+)", below[1], re.M) if below else []
    return commands, set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.M))


def completed(words):
    """What the completion offers for a command line."""
    script = ROOT / "packaging/completion/bascule"
    run = (f'. /usr/share/bash-completion/bash_completion; . {script}; COMP_WORDS=({words} ""); '
           f'COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_LINE="{words} "; '
           'COMP_POINT=${#COMP_LINE}; _bascule; echo "${COMPREPLY[@]}"')
    return set(subprocess.run(["bash", "-c", run], text=True, capture_output=True).stdout.split())


def check_commands():
    for command in [[], *([name] for name in help_of()[0])]:
        page = "-".join(["bascule", *command]) + ".1.scd"
        manual = (MAN / page).read_text()
        commands, options = help_of(*command)
        if not command:
            same("bascule", help=options | set(commands), completion=completed("bascule"))
        for sub in commands if command else []:
            lower, below = help_of(*command, sub)
            same(f"bascule {command[0]} {sub}", help=below | set(lower),
                 completion=completed(f"bascule {command[0]} {sub}"))
            options |= below
            for last in lower:
                below = help_of(*command, sub, last)[1]
                same(f"bascule {command[0]} {sub} {last}", help=below,
                     completion=completed(f"bascule {command[0]} {sub} {last}"))
                options |= below
                if f"\n*{sub} {last}*\n" not in manual:
                    problems.append(f"{page}: nothing about {sub} {last}")
        if command and not commands:
            name = f"bascule {command[0]}"
            same(name, help=options, completion=completed(name))
        for sub in commands:
            named = sub in manual if not command else re.search(rf"\n\*{sub}( \w+)?\*\n", manual)
            if not named:
                problems.append(f"{page}: nothing about {sub}")
        same(page, help=options, manual=set(re.findall(r"^\*.*?(--[\w-]+)\*", manual, re.M)))


def check_packages():
    listed, groups = {}, ("build", "package")
    for line in (ROOT / "packaging/apt-packages").read_text().splitlines():
        if found := re.match(r"\[(.+)\]", line):
            group = found[1]
        elif line and not line.startswith("#"):
            listed.setdefault(group, set()).add(line)
    control = (ROOT / "packaging/debian/control").read_text()
    build_depends = control.split("Build-Depends:")[1].split("Standards")[0]
    wanted = re.findall(r"^ ([a-z0-9+.-]+)", build_depends, re.M)
    missing = set(wanted) - set().union(*(listed[group] for group in groups))
    missing -= {"debhelper-compat", "dh-sequence-installsysusers"}  # debhelper has them
    unused = listed["build"] - set(wanted) - {"g++"}
    problems.extend(f"debian/control: {name} is not in packaging/apt-packages" for name in missing)
    problems.extend(f"packaging/apt-packages: {name} is not in debian/control" for name in unused)


def check_policies():
    """What a customer's application is written from is installed: of each policy its guide, its
    schemas and its examples, all of which the guide names."""
    installed = (ROOT / "packaging/debian/bascule.install").read_text()
    examples = (ROOT / "packaging/debian/bascule.examples").read_text().split()
    for readme in sorted((ROOT / "plugins").glob("*/README.md")):
        policy = readme.parent.name
        for line in (f"plugins/{policy}/README.md usr/share/doc/bascule/{policy}",
                     f"plugins/{policy}/schema usr/share/bascule/{policy}"):
            if line not in installed.splitlines():
                problems.append(f"debian/bascule.install: {line} is missing")
        folder = f"config/examples/{policy}"
        if folder not in examples:
            problems.append(f"debian/bascule.examples: {folder} is missing")
        if not (ROOT / folder / "consumer.py").exists():
            problems.append(f"{folder}: consumer.py is missing")
        text = readme.read_text()
        for schema in sorted(readme.parent.glob("schema/*.json")):
            jsonschema.Draft202012Validator.check_schema(json.loads(schema.read_text()))
            if f"{schema.name}" not in text:
                problems.append(f"plugins/{policy}/README.md: nothing about schema/{schema.name}")
        if not re.search(r"^#+ Tutorial", text, re.M):
            problems.append(f"plugins/{policy}/README.md: no tutorial")


def check_mosquitto():
    """The page for who comes from mosquitto's bridge names each option that `init --from` knows."""
    draft = ROOT / "bridge/cli/draft"
    known = set(re.findall(r'"(bridge_[a-z0-9_.]+)"', (draft / "conversion.cpp").read_text()))
    reader = (draft / "mosquitto_conf.cpp").read_text()
    of_bridges = re.search(r"of_bridges\[\] = \{(.*?)\};", reader, re.S)[1]
    known |= set(re.findall(r'"([a-z_]+)"', of_bridges))
    page = (ROOT / "packaging/MOSQUITTO.md").read_text()
    rows = re.findall(r"^\| (.*?) \|", page, re.M)
    named = {name for row in rows for name in re.findall(r"`([a-z]+[a-z_0-9.]+)`", row)}
    # Of the whole broker, and words of `topic`.
    named -= {"connection", "in", "out", "both", "false", "persistence"}
    named -= {name for name in named if name.startswith("max_")}
    same("packaging/MOSQUITTO.md", converter=known, page=named)


if __name__ == "__main__":
    check_mosquitto()
    check_keys()
    check_shown()
    check_blocks()
    check_examples()
    check_commands()
    check_packages()
    check_policies()
    print("\n".join(problems) or f"package: {len(EXAMPLES)} examples, all is as it is written")
    sys.exit(1 if problems else 0)
