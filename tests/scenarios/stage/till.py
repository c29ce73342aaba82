"""A device that asks over MQTT and waits for its answer: may I sell?"""
import json
import threading

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from stage.clients import _Client
from stage.waiting import wait_until


class Till(_Client):
    """With MQTT 5 it names a response topic and correlation data; with 3.1.1 it gets its answers
    under seats/{item}/reply, and knows its own by the id that it gave."""

    def __init__(self, broker, name="till-1", protocol=5):
        super().__init__(broker, name, protocol)
        self._answers = f"tills/{name}/answers" if protocol == 5 else "seats/+/reply"
        self._subscribed = threading.Event()
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self.answers = []   # (number, answer), as they came
        self.outcomes = []  # likewise: what became of a sale at risk, where its answer was
        self._last = 0
        self.connect()
        assert self._subscribed.wait(10), f"{name} cannot subscribe"

    def on_up(self):
        self._client.subscribe(self._answers, 1)

    def _on_message(self, _, __, message):
        answer = json.loads(message.payload)
        if self._protocol == 5:
            number = message.properties.CorrelationData.decode()
        else:
            number = str(answer["id"])
        outcome = answer["result"] not in ("SELL", "REFUSE")
        (self.outcomes if outcome else self.answers).append((number, answer))

    def ask(self, item, quantity=1, **more):
        """Asks without waiting; returns the number of the question."""
        self._last += 1
        number, block = f"{self.name}-{self._last}", None
        payload = {"quantity": quantity, **more}
        if self._protocol == 5:
            block = Properties(PacketTypes.PUBLISH)
            block.ResponseTopic, block.CorrelationData = self._answers, number.encode()
        else:
            payload["id"] = number
        self._client.publish(f"seats/{item}/request", json.dumps(payload), 1, False, block)
        return number

    def answers_to(self, number):
        return [answer for asked, answer in self.answers if asked == number]

    def buy(self, item, quantity=1, deadline_s=60, **more):
        """Asks, and returns the answer."""
        number = self.ask(item, quantity, **more)
        wait_until(lambda: self.answers_to(number), f"{self.name}: an answer to {number}",
                   deadline_s)
        return self.answers_to(number)[0]
