#!/usr/bin/python3
"""The model is tested without a world: what a bridge does wrong it must see, and what a broker may
do it must let pass. One bridge, a; each story is told to the model, then what arrived.
"""
import base64
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "scenarios")]

import mqtt  # noqa: E402
from configuration import Configuration  # noqa: E402
from faults import FAULTS  # noqa: E402
from model import Model  # noqa: E402
from scripted import Surprises  # noqa: E402

UP, AT = "pos/1/sale", "stores/a/sales/1/sale"


class Story(unittest.TestCase):
    def setUp(self):
        self.model = Model({"a": Configuration("a")})

    def publish(self, count=1, topic=UP, place="a", qos=1, **more):
        return [self.model.publish(place, topic, qos, 10, **more).number for _ in range(count)]

    def judge(self, *central, a=()):
        arrivals = {"central": list(central), "a": list(a)}
        return self.model.missing(arrivals), self.model.wrong(arrivals)

    def assert_fine(self, *central, a=()):
        self.assertEqual(self.judge(*central, a=a), ([], []))

    def assert_missing(self, count, *central):
        self.assertEqual((len(self.judge(*central)[0]), self.judge(*central)[1]), (count, []))

    def assert_wrong(self, count, *central):
        self.assertEqual(len(self.judge(*central)[1]), count)

    def test_what_crosses_once_is_fine(self):
        one, two = self.publish(2)
        self.assert_fine((one, AT), (two, AT))

    def test_what_does_not_arrive_is_missing(self):
        one, two = self.publish(2)
        self.assert_missing(1, (two, AT))

    def test_what_arrives_twice_is_wrong(self):
        (one,) = self.publish()
        self.assert_wrong(1, (one, AT), (one, AT))

    def test_what_arrives_elsewhere_is_wrong(self):
        (one,) = self.publish()
        self.assert_wrong(1, (one, AT), (one, "stores/a/other"))

    def test_what_a_former_session_may_hold_that_nobody_fetched_may_come_twice(self):
        one, two = self.publish(2)
        self.model.two_sessions(("a", "up"))
        self.assert_fine((one, AT), (two, AT), (one, AT))
        self.assert_missing(1, (two, AT))

    def test_what_overtakes_is_wrong_unless_qos_or_topic_differ(self):
        one, two = self.publish(2)
        self.assert_wrong(1, (two, AT), (one, AT))
        (three,) = self.publish(qos=2)
        self.assert_fine((three, AT), (one, AT), (two, AT))

    def test_what_a_quota_refused_before_the_bridge_knew_of_it_may_be_overtaken(self):
        one, two, three = self.publish(3)
        self.model.surprised({one})
        self.assert_fine((two, AT), (three, AT), (one, AT))
        self.assert_wrong(1, (three, AT), (two, AT), (one, AT))

    def test_qos_0_may_be_lost_where_something_was_disturbed(self):
        (one,) = self.publish(qos=0)
        self.assert_missing(1)
        self.model.disturbed()
        self.assert_fine()

    def test_what_no_route_wants_must_not_arrive(self):
        (one,) = self.publish(topic="other/1")
        self.assert_fine()
        self.assert_wrong(1, (one, "other/1"))

    def test_a_killed_site_may_lose_what_was_not_journaled(self):
        one, two = self.publish(2)
        self.model.forgets("a", {"a": {one}}, remembers_nothing=False)
        self.assert_missing(1, (two, AT))
        self.assert_fine((one, AT))
        self.assert_fine((one, AT), (two, AT), (two, AT))

    def test_what_a_killed_centre_lost_goes_again_or_is_in_the_ledger(self):
        one, two = self.publish(2)
        self.model.forgets("central", {"a": set()}, remembers_nothing=False)
        self.assert_missing(1, (two, AT))
        self.model.unsent(("a", "up"), {one})
        self.assert_fine((two, AT))

    def test_a_centre_that_forgot_all_gets_all_again(self):
        (one,) = self.publish()
        self.model.forgets("central", {"a": set()}, remembers_nothing=True)
        self.assert_missing(1)

    def test_what_was_lost_at_qos_0_may_come_late_with_what_is_sent_again(self):
        for qos, wrong in (0, 0), (1, 1):
            self.setUp()
            self.model.disturbed()
            one, two = self.publish(2, qos=qos)
            self.assert_wrong(1, (two, AT), (one, AT))
            self.model.settled()
            self.model.forgets("central", {"a": set()}, remembers_nothing=True)
            self.assert_wrong(wrong, (two, AT), (one, AT))

    def test_a_value_of_before_crosses_again_from_a_site_that_has_it_again(self):
        one, two = self.publish(2, topic="menu/1", retain=True)
        self.model.settled()
        again = [(one, "stores/a/menu/1"), (two, "stores/a/menu/1"), (one, "stores/a/menu/1")]
        self.assert_wrong(1, *again)
        self.model.forgets("a", {"a": {one, two}}, remembers_nothing=False)
        self.assert_fine(*again)

    def test_a_value_that_crossed_at_qos_0_may_be_lost_there(self):
        (one,) = self.publish(topic="menu/1", retain=True, qos=0)
        values = {"a": {"menu/1": self.model.sent[one].payload}, "central": {}}
        crossed = base64.b64encode(self.model.sent[one].payload.encode()).decode()
        for last, wrong in ({}, 1), ({"stores/a/menu/1": "b2xk"}, 1), (
                {"stores/a/menu/1": crossed}, 0):
            self.assertEqual(len(self.model.retained_differences(
                values, unconfirmed={("a", "up"): last})), wrong)

    def test_what_a_limit_gave_up_may_not_come_twice_after_a_crash(self):
        self.model.changing("a", Configuration("a").switched("tight", True))
        self.model.changed("a", Configuration("a").switched("tight", True))
        (one,) = self.publish()
        self.model.crashed("a")
        self.assert_wrong(1, (one, AT), (one, AT))

    def test_what_two_filters_may_bring_may_come_twice_while_that_is_open(self):
        for knows, wrong in (True, 1), (False, 0):
            self.model = Model({"a": Configuration("a")}, knows_exchanged=knows)
            (before,) = self.publish(topic="pos/2/sale")
            self.model.settled()
            self.model.changing("a", Configuration("a").switched("narrowed", True))
            one, other = self.publish(topic="pos/2/sale") + self.publish(topic="menu/1")
            at, menu = "stores/a/sales/2/sale", "stores/a/menu/1"
            self.assert_wrong(wrong, (before, at), (one, at), (one, at), (other, menu))
            self.assert_wrong(1 + wrong, (before, at), (before, at), (one, at), (one, at))
            self.assert_wrong(1 + wrong, (one, at), (one, at), (other, menu), (other, menu))

    def test_what_is_retained_and_in_the_ledger_crosses_anew(self):
        (one,) = self.publish(topic="menu/1", retain=True)
        twice = [(one, "stores/a/menu/1")] * 2
        self.model.forgets("central", {"a": set()}, remembers_nothing=True)
        self.assert_wrong(1, *twice)
        self.model.unsent(("a", "up"), {one})
        self.assert_fine(*twice)

    def test_what_a_centre_that_forgot_gets_again_nobody_knows_over_3_1_1(self):
        for unstamped in [], ["up"]:
            self.model = Model({"a": Configuration("a")}, unstamped=unstamped)
            (one,) = self.publish()
            self.model.settled()
            self.assert_wrong(1, (one, AT), (one, AT))
            self.model.forgets("central", {"a": set()}, remembers_nothing=True)
            if unstamped:
                self.assert_fine((one, AT), (one, AT))
            else:
                self.assert_wrong(1, (one, AT), (one, AT))

    def test_what_the_ledger_has_may_be_missing_on_that_hop_alone(self):
        one, two = self.publish(2)
        self.model.unsent(("a", "up"), {one})
        self.assert_missing(1)
        self.assert_fine((two, AT))
        self.model.unsent(("a", "down"), {two})
        self.assert_missing(1, (one, AT))

    def test_what_is_refused_is_lost_only_where_nobody_is_told(self):
        self.model.refusing("central", "stores/a/sales/1")
        self.publish()
        self.assert_missing(1)  # MQTT 5 has a word for it
        self.model = Model({"a": Configuration("a")}, unstamped=["up"])
        self.model.refusing("central", "stores/a/sales/1")
        self.publish()
        self.assert_fine()
        self.publish(topic="pos/2/sale")
        self.assert_missing(1)
        self.model.allows("central")
        self.publish()
        self.assert_missing(2)

    def test_what_must_not_be_read_does_not_come(self):
        self.model = Model({"a": Configuration("a"), "b": Configuration("b", listens_to="a")})
        (one,) = self.publish()
        arrivals = {"central": [(one, AT)], "a": [], "b": []}
        self.model.refusing("central", "stores/a/sales/1", reading=True)
        self.assertEqual(self.model.missing(arrivals), [])
        self.assertEqual(len(self.model.missing({"central": [], "a": [], "b": []})), 1)

    def test_what_a_broker_forgot_is_sent_again_once(self):
        self.publish()
        self.assertEqual(self.model.sent_again("central", [0]), [])  # it has not settled
        self.model.settled()
        self.assertEqual(self.model.sent_again("central", [0]), [])
        self.model.crashed("a")
        self.assertEqual(self.model.sent_again("central", [0]), [])
        self.model.settled()
        self.assertEqual(len(self.model.sent_again("central", [0])), 1)

    def test_what_crosses_two_bridges_may_be_sent_again_by_both(self):
        self.model = Model({"a": Configuration("a"), "b": Configuration("b", listens_to="a")})
        self.publish()
        self.model.settled()
        for wrong in 0, 0, 1:
            self.assertEqual(len(self.model.sent_again("b", [0])), wrong)

    def test_what_has_settled_is_certain(self):
        (one,) = self.publish()
        self.model.settled()
        self.model.forgets("a", {"a": set()}, remembers_nothing=False)
        self.assert_missing(1)
        self.assert_wrong(1, (one, AT), (one, AT))

    def test_while_the_configuration_changes_both_hold(self):
        (one,) = self.publish()
        removed = Configuration("a", frozenset({"to"}))
        self.model.changing("a", removed)
        (two,) = self.publish()
        self.model.changed("a", removed)
        (three,) = self.publish()
        new = "stores/a/till/1/sale"
        self.assert_fine((one, AT), (two, new), (three, new))
        self.assert_wrong(1, (one, AT), (two, new), (three, new), (three, AT))

    def test_without_stamps_what_was_disturbed_may_repeat(self):
        self.model = Model({"a": Configuration("a")}, unstamped=["up"])
        (one,) = self.publish()
        self.assert_wrong(1, (one, AT), (one, AT))
        self.model.disturbed()
        self.assert_fine((one, AT), (one, AT))

    def test_what_crosses_two_bridges_is_judged_at_each(self):
        self.model = Model({"a": Configuration("a"), "b": Configuration("b", listens_to="a")})
        (one,) = self.publish()
        arrivals = {"central": [(one, AT)], "a": [], "b": []}
        self.assertEqual(len(self.model.missing(arrivals)), 1)
        arrivals["b"] = [(one, "others/a/1/sale")]
        self.assertEqual(self.model.missing(arrivals) + self.model.wrong(arrivals), [])

    def test_what_a_receiver_has_missed_may_have_gone_on(self):
        self.model = Model({"a": Configuration("a"), "b": Configuration("b", listens_to="a")})
        (one,) = self.publish(qos=0)
        arrivals = {"central": [], "a": [], "b": [(one, "others/a/1/sale")]}
        self.assertEqual(len(self.model.wrong(arrivals)), 1)
        self.model.disturbed()
        self.assertEqual(self.model.missing(arrivals) + self.model.wrong(arrivals), [])
        self.assertEqual(self.model.missing({**arrivals, "b": []}), [])

    def test_retained_state_must_be_that_of_the_source(self):
        self.publish(topic="menu/1", retain=True)
        self.model.clear("a", "menu/2")
        same = {"a": {"menu/1": "x"}, "central": {"stores/a/menu/1": "x"}}
        self.assertEqual(self.model.retained_differences(same), [])
        told = {("a", "up")}  # the bridge has said that it cannot compare what is at a
        self.assertEqual(self.model.retained_differences({**same, "central": {}}, told), [])
        for old in {"stores/a/menu/1": "w"}, {}, {"stores/a/menu/1": "x", "stores/a/menu/2": "y"}:
            self.assertEqual(len(self.model.retained_differences({**same, "central": old})), 1)

    def test_what_is_retained_follows_a_new_target(self):
        (plain,) = self.publish(topic="menu/1")
        (kept,) = self.publish(topic="menu/1", retain=True)
        was, follows = "stores/a/menu/1", "stores/a/card/1"
        self.model.settled()
        self.model.changing("a", Configuration("a", frozenset({"to"})))
        self.model.changed("a", Configuration("a", frozenset({"to"})))
        self.assert_fine((plain, was), (kept, was), (kept, follows))
        self.assert_wrong(1, (plain, was), (kept, was), (plain, follows))
        self.assert_wrong(1, (plain, was), (kept, was), (kept, was))

    def test_what_is_retained_on_3_1_1_crosses_live_and_as_what_is_retained(self):
        self.model = Model({"a": Configuration("a")}, flagless=["up"])
        (plain,) = self.publish(topic="menu/1")
        (kept,) = self.publish(topic="menu/1", retain=True)
        there = "stores/a/menu/1"
        self.assert_fine((plain, there), (kept, there), (kept, there))
        self.assert_wrong(1, (plain, there), (plain, there), (kept, there))

    def test_what_a_broker_has_forgotten_was_not_cleared(self):
        copy = {"a": {}, "central": {"stores/a/menu/1": "x"}}
        self.publish(topic="menu/1", retain=True)
        self.assertEqual(len(self.model.retained_differences(copy)), 1)
        self.model.forgets("a", {"a": set()}, remembers_nothing=True)
        self.assertEqual(self.model.retained_differences(copy), [])
        self.assertEqual(len(self.model.retained_differences({**copy, "a": {"menu/1": "y"}})), 1)
        self.publish(topic="menu/1", retain=True)
        self.assertEqual(len(self.model.retained_differences(copy)), 1)


class Quota(unittest.TestCase):
    """Which of the messages that it refused may be overtaken."""

    class Connection:
        id = "bridge-a-central"

    def setUp(self):
        self.surprises, self.connection = Surprises(), self.Connection()

    def send(self, *numbers, refused=True, lane="sales"):
        stamp = mqtt.text(b"bascule-stamp") + mqtt.text(f"a/0/{lane}/1/0/x".encode())
        for number in numbers:
            self.surprises.answered(self.connection, b"\x26" + stamp, f"m{number}:x".encode(),
                                    refused)

    def test_those_of_the_first_round_may_be_and_no_later_ones(self):
        self.send(1, 2)
        self.send(1)
        self.send(1, refused=False)
        self.send(2, 3)
        self.send(4, lane="default")
        self.assertEqual(self.surprises.numbers, {1, 2, 4})

    def test_a_reconnect_tells_the_bridge_nothing_and_is_not_forgotten_over(self):
        self.send(1)
        self.connection = self.Connection()
        self.send(1, 2)
        self.assertEqual(self.surprises.numbers, {1, 2})
        self.send(2)
        self.connection = self.Connection()
        self.send(3)
        self.assertEqual(self.surprises.numbers, {1, 2})

    def test_a_bridge_that_begins_anew_knows_nothing_and_so_it_is_after_a_minute(self):
        for forgets in (lambda: self.surprises.begins_anew("bridge-a-central"),
                        lambda: setattr(self.surprises, "REMEMBERED_S", -1)):
            self.setUp()
            self.send(1)
            self.send(1, 2)
            self.assertEqual(self.surprises.numbers, {1})
            forgets()
            self.send(3)
            self.assertEqual(self.surprises.numbers, {1, 3})


class Faults(unittest.TestCase):
    def test_each_can_be_put_back(self):
        """`mutants` finds what it replaces exactly once, in the tree as it is."""
        for fault in FAULTS:
            for name, stands, _ in fault.changes:
                text = (HERE.parent.parent / name).read_text()
                self.assertEqual(text.count(stands), 1, f"{fault.kind}: {name}: {stands}")


if __name__ == "__main__":
    unittest.main()
