"""Services copy the properties of what they get into what they send. A stamp counts for the message
that it was put on; on any other it is taken off, and the message is new: none is lost.

K0; P5
"""
from stage import SALE, Stage, wait_until

ROUTES = [
    {"name": "questions", "direction": "up", "from": "ask/{rest...}",
     "to": "stores/{bridge.id}/ask/{rest...}"},
    {"name": "answers", "direction": "down", "from": "stores/{bridge.id}/answer/{rest...}",
     "to": "answer/{rest...}"},
    {"name": "news", "direction": "down", "from": "news/{rest...}"},
]
KEY = "a key that all bridges of the company share"


def conversation(stage, site, central, bascule, rounds):
    """A device asks, a service answers with all the user properties of the question; and so on,
    each question with those of the last answer, further than any chain of bridges may be."""
    answers = stage.receiver(site, "answer/#", name=f"device-{bascule.id}")
    questions = stage.receiver(central, f"stores/{bascule.id}/ask/#", name=f"service-{bascule.id}")
    device = stage.publisher(site, f"asks-{bascule.id}")
    service = stage.publisher(central, f"answers-{bascule.id}")
    copied = []
    for number in range(1, rounds + 1):
        device.publish("ask/1", f"question {number}", UserProperty=copied or [("round", "first")])
        question = questions.wait_payload(f"question {number}")
        assert question.stamp, question
        service.publish(f"stores/{bascule.id}/answer/1", f"answer {number}",
                        UserProperty=list(question.user.items()))
        answer = answers.wait_payload(f"answer {number}")
        assert answer.user["round"] == "first", answer
        copied = list(answer.user.items())
    answers.expect([f"answer {number}" for number in range(1, rounds + 1)])
    return questions


with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    bascule = stage.bascule(site, central, routes=ROUTES)
    questions = conversation(stage, site, central, bascule, rounds=20)
    assert bascule.counters("up")["repeats"] == bascule.counters("down")["repeats"] == 0

    # One stamped message that somebody copies to two topics, from which a bridge takes both.
    reader = stage.receiver(site, "news/#", name="reader")
    fan = stage.publisher(central, "fan")
    stamped = list(questions.unique[0].user.items())
    for topic in "news/a", "news/b":
        fan.publish(topic, "extra", UserProperty=stamped)
    wait_until(lambda: len(reader.all) == 2, lambda: f"both copies, {reader.all}")
    assert {one.topic for one in reader.all} == {"news/a", "news/b"}

    # It can be looked at.
    counted = bascule.cli("journal", "repeats")
    assert "copied stamps taken off" in counted.stdout and "0 repeats" in counted.stdout, counted
    assert bascule.counters("down")["copied_stamps"] == 22, bascule.counters("down")
    assert "copied ones were taken off" in bascule.cli("status").stdout

    # With a key, likewise; and whoever has none cannot make a stamp that counts.
    key = stage.folder / "stamp.key"
    key.write_text(KEY + "\n")
    other_site = stage.broker("other")
    keyed = stage.bascule(other_site, central, bridge_id="store-43", start=False, routes=ROUTES)
    keyed.settings["bridge"]["stamp_key_file"] = str(key)
    keyed.write()
    keyed.start()
    questions = conversation(stage, other_site, central, keyed, rounds=3)
    assert len(questions.unique[0].stamp.split("/")[5]) == 16, questions.unique[0].stamp
    assert KEY not in keyed.log() + keyed.cli("status", "--json").stdout
