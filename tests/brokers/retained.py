"""What is retained on both sides comes to be the same after the line was cut, and after the broker
was killed.

K2: retained state that changed while nobody listened
"""
from checks import waits
from others import credentials
from stage.clients import retained_at
from stage.waiting import wait_until

DEADLINE_S = 60
NAMES = "abc"


def retained(stage, broker):
    login, link = credentials(broker)
    site, line = stage.broker("site"), stage.line(broker)
    office = stage.publisher(broker, "office", protocol=4, **login)
    hall = stage.publisher(site, "hall")
    for name in NAMES:
        office.publish(f"down/{name}", "old", retain=True)
        hall.publish(f"up/{name}", "old", retain=True)
    office.wait_acknowledged(DEADLINE_S)
    bridge = stage.bascule(site, line, central_link=link, routes=[
        {"name": "up", "direction": "up", "from": "up/#"},
        {"name": "down", "direction": "down", "from": "down/#"}])

    def there():
        """By topic: not every broker brings what is retained to a wildcard."""
        return retained_at(broker, *(f"up/{name}" for name in NAMES), **login)

    def here():
        return {topic: payload for topic, payload in retained_at(site).items()
                if topic.startswith("down/")}

    def compares(action):
        """What happens while the line is cut; ends when the bridge has compared, if it does."""
        before = bridge.link("central")["retained"]["compared"]
        line.cut()
        bridge.wait_link("central", "down")
        action()
        line.restore()
        bridge.wait_up()
        waits(lambda: bridge.link("central")["retained"]["compared"] not in (None, before),
              DEADLINE_S)
        bridge.wait_drained(DEADLINE_S)

    answers = {}
    came = waits(lambda: len(here()) == len(NAMES), DEADLINE_S)
    answers["retained, to the site"] = "all" if came else "none"
    came = waits(lambda: len(there()) == len(NAMES), DEADLINE_S)
    answers["retained, to the centre"] = "all" if came else "none"

    def change():
        office.publish("down/a", "new", qos=0, retain=True)
        office.publish("down/b", "", qos=0, retain=True)
        office.publish("elsewhere", "")
        office.wait_acknowledged(DEADLINE_S)
        hall.publish("up/a", "new", qos=0, retain=True)
        hall.publish("up/b", "", qos=0, retain=True)

    compares(change)
    waits(lambda: here() == {"down/a": "new", "down/c": "old"})
    has = here()
    words = ["changes"] * (has.get("down/a") == "new") + ["clears"] * ("down/b" not in has)
    answers["retained, after a gap"] = " and ".join(words) if has else "not even the first"
    if answers["retained, to the centre"] == "all":
        wanted = {"up/a": "new", "up/c": "old"}
        wait_until(there_is := lambda: there() == wanted,
                   lambda: f"{wanted} there, has {there()}", DEADLINE_S)

        def kill():
            office.leave()
            broker.kill()
            broker.start()
            office.back()

        compares(kill)
        whole = waits(there_is)
        answers["retained at the centre, after a kill -9"] = (
            "whole" if whole else "not the newest" if there() else "lost")
    bridge.check_books()
    return answers
