"""As much of JSON Schema as the schemas of plugins/ and config/ use."""
import json
from pathlib import Path

EVENTS = Path(__file__).resolve().parents[3] / "config" / "events.schema.json"

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
         "number": (int, float)}


def problems(schema, value, place="$"):
    """What is wrong with a value, as sentences."""
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind])
                 or isinstance(value, bool) != (kind == "boolean")):
        return [f"{place} is no {kind}: {value!r}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place} is none of {schema['enum']}: {value!r}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{place} is not {schema['const']!r}")
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{place} is less than {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        found.append(f"{place} is more than {schema['maximum']}")
    if kind != "object":
        return found
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    found += [f"{place} lacks {name}" for name in schema.get("required", []) if name not in value]
    for name, member in value.items():
        if name in known:
            found += problems(known[name], member, f"{place}.{name}")
        elif others is False:
            found.append(f"{place} has an unknown member {name}")
        elif others is not True:
            found += problems(others, member, f"{place}.{name}")
    return found


def check(folder, schemas, messages):
    """Every message is as the schema of its topic says; `schemas` names it by a level of the topic.
    Returns how many there were of each."""
    count = {}
    for message in messages:
        name = next(name for level, name in schemas.items() if level in message.topic.split("/"))
        schema = json.loads((folder / f"{name}.json").read_text())
        wrong = problems(schema, json.loads(message.payload))
        assert not wrong, f"{message.topic} {message.payload}: {wrong}"
        count[name] = count.get(name, 0) + 1
    return count


def check_events(messages):
    """What bridges tell about themselves is as its schema says."""
    known = json.loads(EVENTS.read_text())["$defs"]
    for message in messages:
        if message.topic.endswith("/events"):
            event = json.loads(message.payload)
            assert event["event"] in known, f"{EVENTS.name} knows nothing of {message.payload}"
            wrong = problems(known[event["event"]], event)
            assert not wrong, f"{message.payload}: {wrong}"
