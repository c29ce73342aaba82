"""Cuts a case down to the smallest that still differs in the same way."""


def smaller(case):
    """The cases that are a little less: without some steps, without an option, with less in one
    step.
    """
    steps = case["steps"]
    size = len(steps) // 2
    while size >= 1:
        for at in range(len(steps) - size, -1, -size):
            yield {**case, "steps": steps[:at] + steps[at + size:]}
        size //= 2
    for name in case["options"]:
        yield {**case, "options": {key: value for key, value in case["options"].items()
                                   if key != name}}
    for at, step in enumerate(steps):
        for name, value in step.items():
            if isinstance(value, dict) and len(value) > 1:
                for key in value:
                    less = {other: given for other, given in value.items() if other != key}
                    yield {**case, "steps": steps[:at] + [{**step, name: less}] + steps[at + 1:]}


def shrink(case, differs, budget=400):
    """`differs` says whether a case still does; it is asked `budget` times at the most."""
    again = True
    while again:
        again = False
        for less in smaller(case):
            budget -= 1
            if budget < 0:
                return case
            if differs(less):
                case, again = less, True
                break
    return case
