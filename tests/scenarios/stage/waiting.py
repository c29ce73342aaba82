"""Waiting for a condition with a deadline: the only way in which a scenario lets time pass."""
import time


def wait_until(condition, what, deadline_s=60):
    """Returns the first true value of condition(); fails with `what` after the deadline."""
    end = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s in vain for: {what()}" if callable(what)
                                 else f"waited {deadline_s} s in vain for: {what}")
        time.sleep(0.02)
    return value


def holds_for(condition, seconds):
    """Whether condition() stays true that long: for what must not happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            return False
        time.sleep(0.02)
    return True
