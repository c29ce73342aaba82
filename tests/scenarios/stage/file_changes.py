"""Changes of a bridge's file, by their names: what each does to the settings, and what must come of
messages that wait. For the scenario operate/changes.py.
"""
from dataclasses import dataclass

WAITING = 4      # messages wait, in each cell but the empty one
ELSEWHERE = []   # the URL of another central broker
LANES = {"slow": {"rate": "40msg/s"}, "fast": {"priority": 9}}

EMPTY, JOURNAL, SESSION, QOS_1, QOS_2, HISTORY = STATES = (
    "empty", "journal", "session", "qos1", "qos2", "history")
IN_FLIGHT = (QOS_1, QOS_2)


def route(cell, **more):
    return {"name": "in", "direction": "up", "from": f"{cell}/in/{{rest...}}",
            "to": f"out/{cell}/{{rest...}}", "retain": "set", "lane": "slow", **more}


# What a change does to the settings, by its name.

def add_route(cell, settings):
    settings["routes"].append(route(cell, name="more", **{"from": f"{cell}/more/{{rest...}}"}))


def remove_route(cell, settings):
    settings["routes"] = [route(cell, **{"from": f"{cell}/other/{{rest...}}"})]


def narrow_route(cell, settings):
    settings["routes"][0]["from"] = f"{cell}/in/b/{{rest...}}"


def other_target(cell, settings):
    settings["routes"][0]["to"] = f"out/{cell}/new/{{rest...}}"


def other_lane(_, settings):
    settings["routes"][0]["lane"] = "fast"


def rename_lane(_, settings):
    settings["lanes"] = {"slower": LANES["slow"]}
    settings["routes"][0]["lane"] = "slower"


def remove_lane(_, settings):
    settings["lanes"] = {}
    settings["routes"][0]["lane"] = "default"


def shorter_ttl(_, settings):
    settings["lanes"] = {**LANES, "slow": {"ttl": "10m"}}


def smaller_lane(_, settings):
    settings["lanes"] = {**LANES, "slow": {"max_size": "64KiB", "when_full": "drop-oldest"}}


def other_central(_, settings):
    settings["central"]["url"] = ELSEWHERE[0]


def other_central_client(_, settings):
    settings["central"]["client_id"] = settings["bridge"]["id"] + "-above"


def smaller_journal(_, settings):
    settings["journal"].update(max_size="1MiB", max_payload="512KiB")


def smaller_journal_that_drops(_, settings):
    settings["journal"].update(max_size="1MiB", max_payload="512KiB", when_full="drop-oldest")


def other_client(_, settings):
    settings["site"]["client_id"] = settings["bridge"]["id"] + "-now"


# What the settings were before, where it is not one route.

def slower(_, settings):
    """So slow that new messages would overtake, if they went through another lane."""
    settings["lanes"] = {**LANES, "slow": {"rate": "2msg/s"}}


def resending(_, settings):
    settings["lanes"] = {**LANES, "slow": {**LANES["slow"], "resend": "all"}}


def with_policy(_, settings):
    settings["policies"] = {"seats": {"plugin": "template", "gate": "caught up",
                                      "options": {"min": 0, "max": 0}}}
    settings["routes"][0].update(policy="seats")
    del settings["routes"][0]["lane"]


def remove_policy(cell, settings):
    del settings["policies"]
    settings["routes"] = [route(cell)]


def remove_central(cell, settings):
    with_policy(cell, settings)
    del settings["policies"]["seats"]["gate"]
    settings["routes"][0]["from"] = f"{cell}/other/{{rest...}}"
    del settings["central"]


@dataclass
class Change:
    """`arrives` has for each state what comes to the centre of the old messages and the new ones,
    in order: `old`, `last` (but for the first), `new`; with > at the new target. A state that it
    does not have is not played. `refused`: of the messages that wait so many would be lost, and the
    start is refused."""
    apply: object
    arrives: dict
    new_topic: str = "in/a"   # of the messages after the change
    later_s: int = 0          # so much time has passed at the next start
    accept_losses: bool = False
    refused: dict = None      # state: how many
    lost: dict = None         # state: (how many, why)
    quarantined: tuple = ()   # in these states the old ones are
    says: str = ""            # in the log, in these states; several, with | between
    says_in: tuple = (JOURNAL, *IN_FLIGHT)
    settled: str = ""         # in the log, before new messages come
    big: int = 0              # so many bytes are behind each of the old payloads
    older: bool = False       # the journal is put back as it was before the old messages crossed
    before: object = None     # does to the settings what they are to begin with
    orphans: tuple = ()       # the options of `quarantine add` that take out what nobody takes


BOTH = dict.fromkeys(STATES, "old new")
CHANGES = {
    "route added": Change(add_route, BOTH, new_topic="more/a"),
    "route removed": Change(remove_route, {**BOTH, SESSION: "new"}, new_topic="other/a",
                            quarantined=(SESSION,)),
    "route narrowed": Change(narrow_route, {**BOTH, SESSION: "new"}, new_topic="in/b/a",
                             quarantined=(SESSION,)),
    "to changed": Change(other_target, {**BOTH, SESSION: "old> new>", EMPTY: "new>", **{
        state: "old new>" for state in (JOURNAL, HISTORY, *IN_FLIGHT)}}),
    "another lane": Change(other_lane, BOTH, before=slower,
                           says="a route has it that had lane slow"),
    "lane renamed": Change(rename_lane, BOTH, before=slower, says="is not in the file any more"),
    "lane removed": Change(remove_lane, BOTH, before=slower, says="is not in the file any more"),
    "ttl tightened": Change(
        shorter_ttl, BOTH, later_s=3600,
        refused={JOURNAL: WAITING, QOS_1: WAITING, QOS_2: WAITING}),
    "ttl tightened, losses accepted": Change(
        shorter_ttl, {**BOTH, JOURNAL: "new"}, later_s=3600, accept_losses=True,
        lost={state: (WAITING, "ttl_tightened") for state in (JOURNAL, *IN_FLIGHT)}),
    "lane made smaller": Change(
        smaller_lane, {state: BOTH[state] for state in STATES if state != SESSION}, big=20_000,
        refused={JOURNAL: 1, QOS_1: 1, QOS_2: 1}),
    "lane made smaller, losses accepted": Change(
        smaller_lane, {JOURNAL: "last new"}, big=20_000, accept_losses=True,
        lost={JOURNAL: (1, "max_size_tightened")}),
    "other central": Change(
        other_central, {**BOTH, QOS_1: "old old new"}, says="is another one than before|url was",
        says_in=(HISTORY,)),
    "other central, resend all": Change(
        other_central, {**BOTH, QOS_1: "old old new", HISTORY: "old old new"}, before=resending,
        says="is another one than before|url was", says_in=(HISTORY,)),
    "central's client id changed": Change(
        other_central_client, BOTH, says="link central: client_id was",
        settled="and it is ended"),
    "journal made smaller": Change(
        smaller_journal, {state: BOTH[state] for state in STATES if state not in IN_FLIGHT},
        big=400_000),
    "journal made smaller, drops": Change(
        smaller_journal_that_drops, {JOURNAL: "old new"}, big=400_000, refused={JOURNAL: 2}),
    # Central has what the copy never wrote, the events of its last outage at least.
    # What crossed then is known by its bookmark.
    "older journal": Change(
        lambda *_: None, {JOURNAL: "old new", HISTORY: "old new"}, older=True),
    "policy removed": Change(
        remove_policy, {JOURNAL: "old new"}, before=with_policy, orphans=("--policy", "seats")),
    "central removed": Change(
        remove_central, {JOURNAL: "old"}, orphans=("--lane", "slow", "--all")),
    "client id changed": Change(other_client, BOTH, says="client_id was",
                                settled="and it is ended"),
}
