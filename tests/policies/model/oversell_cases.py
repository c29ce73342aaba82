"""Random cases for `oversell`. A case is {"options": …, "steps": […]}, and makes a world."""
import random

from difference import Difference
from oversell_world import World


def make(seed):
    rng = random.Random(seed)
    sites = ["site-a", "site-b", "site-c"][:rng.choice([1, 2, 2, 3])]
    capacity = rng.choice([5, 10, 20, 40])
    options = {"sites": sites, "capacity": capacity}
    options["overbooking"] = rng.choice([0, 0, 1, 3])
    if rng.random() < 0.3:
        options["quota"] = rng.choice(["soft", "strict"])
        options["weights"] = {site: rng.randrange(1, 4) for site in sites}
        options["reserve_bp"] = rng.choice([0, 2500, 5000, 10000])
    site = {}
    if rng.random() < 0.4:
        site["min_remaining_bp"] = rng.choice(["off", 0, 500, 3000])
    if rng.random() < 0.4:
        site.update(forecast="poisson", rate_per_hour=rng.choice([0.5, 3, 20]))
        if rng.random() < 0.6:
            site["min_confidence"] = rng.choice([0.5, 0.9, 0.95, 0.99])
        if rng.random() < 0.5:
            site.update(value=rng.choice([1, 50]), penalty=rng.choice([1, 200]))
    options["site"] = site
    steps = []
    cut = dict.fromkeys(sites, False)
    for at in range(rng.choice([6, 10, 16])):
        name, draw = rng.choice(sites), rng.random()
        step = {"after": rng.choice([10, 100, 700, 2500, 10_000, 60_000])}
        if draw < 0.03:
            step["after"] = rng.choice([1_800_000, 3_599_000, 3_605_000])
        if draw < 0.5:
            step.update(do="request", site=rng.choice([name] * 5 + ["hub"]), id=at,
                        k=rng.choice([1, 1, 1, 2, 3, 5, 0]))
        elif draw < 0.58:
            step.update(do="fact", site=name, kind=rng.choice(["sold", "available"]),
                        k=rng.choice([1, 1, 2]))
        elif draw < 0.78:
            cut[name] = not cut[name]
            step.update(do="cut", noticed=rng.random() < 0.7) if cut[name] else step.update(
                do="mend")
            step["site"] = name
        elif draw < 0.88:
            step.update(do="latency", site=name, ms=rng.choice([5, 50, 900, 2500, 5000]))
        elif draw < 0.92:
            step.update(do=rng.choice(["copy", "restore"]), site=rng.choice([name, name, "hub"]))
        elif draw < 0.95:
            step.update(do="restart", site=rng.choice(sites + ["hub"]))
        elif draw < 0.97 and "quota" not in options:
            step.update(do="capacity", to=capacity + rng.randrange(-2, 5))
        elif draw < 0.985:
            step.update(do="jump", site=name, ms=rng.choice([-4_000_000, -500, 500, 7_200_000]))
        else:
            step.update(do="rest")
        steps.append(step)
    if any(step["do"] == "fact" for step in steps):
        options["facts"] = 1
    return {"options": options, "steps": steps}


def run(case, plugin):
    """None, or what differs."""
    world = World(case, plugin)
    try:
        world.run()
    except Difference as found:
        return found
    finally:
        world.close()
    return None
