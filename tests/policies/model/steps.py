"""A case of a world, step by step; a difference says of which step it is."""
from difference import Difference
from host import Failed


def take_steps(world):
    """Each step of `world.case` is the method of its name, once its time has come."""
    for at, step in enumerate(world.case["steps"]):
        try:
            world.advance(world.now + step["after"])
            getattr(world, step["do"])(step)
        except Difference as found:
            raise Difference(found.kind, f"step {at}: {found.text}") from None
        except Failed as found:
            raise Difference("failed", f"step {at}: the step failed: {found}") from None
