"""From a plan that fails to a short one that fails, by playing shorter ones. Bounded in time: what
is left after that is the shortest that was found. A failure that depends on timing may not come
again; then the plan stays as it is.
"""
import time


def shortest_prefix(plan, played, fails, end):
    """Cuts off actions at the end, by bisection. `fails(plan)` plays one."""
    low, high = 0, played  # a prefix of `high` actions is known to fail
    while low < high and time.monotonic() < end:
        middle = (low + high) // 2
        if fails(plan.only(plan.actions[:middle])):
            high = middle
        else:
            low = middle + 1
    return plan.only(plan.actions[:high])


def fewest_actions(plan, fails, end):
    """Leaves out runs of actions, long ones first, for as long as it still fails."""
    size = max(1, len(plan.actions) // 2)
    while True:
        start = 0
        while start < len(plan.actions):
            if time.monotonic() > end:
                return plan
            shorter = plan.only(plan.actions[:start] + plan.actions[start + size:])
            if fails(shorter):
                plan = shorter
            else:
                start += size
        if size == 1:
            return plan
        size //= 2
