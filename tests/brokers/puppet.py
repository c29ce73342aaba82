"""A link of the bridge, on strings (puppet.cpp): any client, any protocol, against any broker."""
import json
import os
import subprocess
import threading

from others import ROOT
from stage.waiting import wait_until

PROGRAM = os.environ.get("BASCULE_PUPPET", str(ROOT / "build" / "release" / "tests" / "puppet"))


class Puppet:
    def __init__(self, broker, client, protocol, name, *filters, keeps=False):
        self.name = f"{name} ({client}, {protocol})"
        login = getattr(broker, "login", {})
        self._child = subprocess.Popen(
            [PROGRAM, client, protocol, broker.url, name, login.get("username", ""),
             str(broker.secret) if login else "", *filters],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._tag = 0
        self.ups, self.downs, self.outcomes, self.received, self.errors = [], [], {}, [], []
        self.up = False
        self.stopped = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if keeps:
            self.keep(True)

    def _read(self):
        for line in self._child.stdout:
            told = json.loads(line)
            match told.pop("event"):
                case "up":
                    self.ups.append(told)
                    self.up = True
                case "down":
                    self.up = False
                    self.downs.append(told["why"])
                case "outcome":
                    self.outcomes.setdefault(told["tag"], []).append(told["kind"])
                case "delivery":
                    self.received.append(told)
                case "error":
                    self.errors.append(told["text"])
                case "stopped":
                    self.stopped = True

    def _order(self, **order):
        self._child.stdin.write(json.dumps(order) + "\n")
        self._child.stdin.flush()

    def publish(self, topic, payload, qos=1, retain=False, pad=0):
        self._tag += 1
        self._order(do="publish", tag=self._tag, topic=topic, payload=str(payload), qos=qos,
                    retain=retain, pad=pad)
        return self._tag

    def acknowledge(self, tag):
        self._order(do="acknowledge", tag=tag)

    def keep(self, on):
        self._order(do="keep", on=on)

    def drop(self):
        self._order(do="drop")

    def error(self):
        known = len(self.errors)
        self._order(do="error")
        return wait_until(lambda: self.errors[known:], "an answer")[0]

    @property
    def alive(self):
        return self._child.poll() is None

    def payloads(self):
        return [one["payload"] for one in self.received]

    def wait_up(self, times=1, deadline_s=20):
        wait_until(lambda: (self.up and len(self.ups) >= times) or not self.alive,
                   lambda: f"{self.name} up, last error: {self.error()}", deadline_s)
        assert self.alive, f"{self.name} has ended"
        return self.ups[-1]

    def wait_accepted(self, tags, deadline_s=20):
        wait_until(lambda: all(tag in self.outcomes for tag in tags),
                   lambda: f"{self.name}: {len(tags)} outcomes, has {len(self.outcomes)}",
                   deadline_s)
        assert all(self.outcomes[tag] == ["accepted"] for tag in tags), self.outcomes

    def wait_received(self, payloads, deadline_s=20):
        wanted = {str(one) for one in payloads}
        wait_until(lambda: wanted <= set(self.payloads()),
                   lambda: f"{self.name}: missing {sorted(wanted - set(self.payloads()))[:5]} of "
                           f"{len(wanted)}", deadline_s)

    def end(self):
        if self.alive:
            self._order(do="stop")
            try:
                self._child.wait(20)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._reader.join()
        self._child.stdin.close()
        self._child.stdout.close()
        assert self._child.returncode == 0, f"{self.name} ended with {self._child.returncode}"
