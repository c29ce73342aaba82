"""Ids that a bridge may have and a broker may not like in a client id or a topic: the link comes up
all the same, messages cross, and the bookmark is kept, or left out with a warning.

K13: names that a broker cannot carry
"""
from checks import waits
from others import credentials
from stage.waiting import wait_until

NAMES = {"id with a dot": "store.42", "id with _ and -": "Store_4-2", "id of 64 letters": "s" * 64}


def names(stage, broker):
    login, link = credentials(broker)
    site = stage.broker("site")
    till = stage.publisher(site)
    answers = {}
    for question, name in NAMES.items():
        target = f"stores/{len(answers)}"  # not of the id: whether that crosses is another question
        headquarters = stage.receiver(broker, f"{target}/#", name=f"office-{len(answers)}",
                                      protocol=4, **login)
        bridge = stage.bascule(site, broker, bridge_id=name, central_link=link, start=False,
                               routes=[{"name": "up", "direction": "up", "from": "till/{rest...}",
                                        "to": target + "/{rest...}"}])
        bridge.start(up=False)
        bridge.wait_link("site", "up", deadline_s=60)
        till.publish("till/1", name)
        if waits(lambda: any(one.payload == name for one in headquarters.all), 60):
            wait_until(lambda: bridge.backlog("up") == 0, "an empty backlog", 60)
            marked = waits(lambda: bridge.lane("up")["bookmark"] == 1)
            answers[question] = "crosses" if marked else "crosses, without a bookmark"
        else:
            answers[question] = "does not cross"
        bridge.check_books()
        bridge.terminate()
    return answers
