"""One plan, played in a fresh world: what came of it."""
import contextlib
import time
import traceback
from dataclasses import dataclass

from settling import STILL_S, Failure, others_cross, settle
from world import World


@dataclass
class Outcome:
    plan: object
    wrong: list          # sentences; empty if all held
    played: int          # actions until then
    messages: int = 0
    seconds: float = 0
    folder: str = ""     # kept, if something is wrong


def play(plan, watch=lambda action: None, still_s=STILL_S):
    """Plays the plan to its end, or to the first thing that does not hold. What the actors could
    not do within their deadlines counts as well: a bridge that does not end, say."""
    begin = time.monotonic()
    world = World(plan.setting)
    wrong, played = [], 0
    try:
        world.begin()
        for played, action in enumerate(plan.actions, 1):
            watch(action)
            world.do(action)
            if action.kind == "settle":
                settle(world, still_s)
            elif action.kind == "others-cross":
                others_cross(world, still_s)
        settle(world, still_s)
    except Failure as failure:
        wrong = failure.sentences
    except Exception as error:
        wrong = [f"{type(error).__name__}: {error}", *traceback.format_exc().splitlines()[-7:-1]]
    folder = world.cast.stage.folder
    if wrong:
        _write_down(world, plan, wrong, played)
    world.cast.leave(keep=bool(wrong))
    messages = len(world.model.sent) if hasattr(world, "model") else 0
    return Outcome(plan, wrong, played, messages, time.monotonic() - begin, str(folder))


def _write_down(world, plan, wrong, played):
    """Beside the logs: the plan, what does not hold, and what each bridge says of itself."""
    folder = world.cast.stage.folder
    (folder / "plan").write_text(f"{plan}\n")
    said = "\n".join([f"after {played} actions:", *wrong])
    (folder / "wrong").write_text(f"{said}\n")
    for site, bridge in world.bridges.items():
        world._thaw(site)
        for command in ("status", "--json"), ("journal", "losses"):
            with contextlib.suppress(Exception):
                said = bridge.cli(*command)
                (folder / f"{site}.{command[0]}").write_text(said.stdout + said.stderr)
