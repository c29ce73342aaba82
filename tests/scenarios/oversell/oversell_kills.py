"""kill -9 of a site's bridge and of the authority while sales are made, online and offline: each
sale that a till was told of gets exactly one final verdict, and the final count is that of the
sales made. Some are honoured, some reversed.

R4 R25 R26, P1 P4; fault: kill -9 at any instruction
"""
import json
import os
from collections import Counter

from stage import Stage, wait_until
from stage.seats import Site, hub

POINTS = {"pwrite64": (6, 14, 25), "fdatasync": (2, 4), "sendto": (3, 6)}
if "SWEEP" in os.environ:
    POINTS = {syscall: range(1, int(os.environ["SWEEP"]) + 1) for syscall in POINTS}
ROUNDS = [(who, syscall, number) for syscall, numbers in POINTS.items() for number in numbers
          for who in ("site", "hub")]
# A round asks for one of each item online and two offline; the centre sells one meanwhile.
ITEMS, CAPACITY, OVERBOOKING = ("hall", "club"), 3 * len(ROUNDS) - 4, {"hall": 2, "club": 0}

with Stage() as stage:
    central = stage.broker("central")
    office = stage.receiver(central, "oversell/#", name="office")
    box_office = stage.publisher(central, "box-office")
    authority = hub(stage, central, override_window=0, items={
        item: {"capacity": CAPACITY, "overbooking": OVERBOOKING[item]} for item in ITEMS})
    site = Site(stage, "site", central, min_remaining_bp="off", window="off",
                answer_timeout="500ms")
    for item in ITEMS:
        site.wait_available(item, CAPACITY)
    victims = {"site": site.bridge, "hub": authority}
    deaths, asked = 0, []
    capacity = {item: CAPACITY for item in ITEMS}
    by_centre = {item: len(ROUNDS) for item in ITEMS}

    def ask(count):
        asked.extend(site.till.ask(item) for _ in range(count) for item in ITEMS)

    def answered():
        """Starts the victim again when it has died."""
        global deaths
        if not victim.running:
            deaths += 1
            victim.start(up=False)
        return all(site.till.answers_to(number) for number in asked)

    for who, syscall, number in ROUNDS:
        victim = victims[who]
        victim.terminate()
        victim.start_killed_at(syscall, number)
        ask(1)
        wait_until(answered, f"the answers of round {who} {syscall} {number}")
        site.line.cut()
        for item in ITEMS:
            box_office.publish(f"seats/{item}/sold", 1)
        box_office.wait_acknowledged()
        ask(2)
        wait_until(answered, f"the answers of round {who} {syscall} {number}, offline")
        site.line.restore()
        if victim.running:
            victim.kill()
        victim.start()
        site.bridge.wait_up()

    def verdicts():
        told = [json.loads(text) for text in office.payloads("oversell/inbox/site")]
        final = {}
        for one in told:
            if one["kind"] == "verdict" and one["final"]:
                final.setdefault(one["sale"], set()).add(one["outcome"])
            elif one["kind"] == "answer" and one["outcome"] == "SELL":
                final.setdefault(one["sale"], set()).add("FIRM")
        return final

    def newest(item):
        return [json.loads(text) for text in office.payloads(f"oversell/item/{item}")][-1]

    def settle():
        """The sales that tills were told of, when each has its verdict."""
        answers = {number: site.till.answers_to(number) for number in asked}
        for number, told in answers.items():
            assert all(one == told[0] for one in told), f"{number} was told {told}"
        sold = {told[0]["sale"]: told[0] for told in answers.values()
                if told[0]["result"] == "SELL"}
        assert len(sold) == sum(told[0]["result"] == "SELL" for told in answers.values())
        wait_until(lambda: all(sale in verdicts() for sale in sold),
                   lambda: f"verdicts, has {verdicts()} for {sold}")
        site.bridge.wait_drained()
        authority.wait_drained()
        return sold

    def sell_the_last_one_twice(item):
        """How many the rounds sell is a matter of time; that some go beyond is not left to it."""
        capacity[item] += 1 - newest(item)["available"]
        box_office.publish(f"seats/{item}/capacity", json.dumps({"capacity": capacity[item]}))
        site.wait_available(item, 1)
        site.cut()
        box_office.publish(f"seats/{item}/sold", 1)
        box_office.wait_acknowledged()
        by_centre[item] += 1
        asked.append(site.till.ask(item))
        wait_until(answered, f"the answer for the last of {item}")
        site.mend()

    sold = settle()
    for item in ITEMS:
        told = [verdicts()[sale] for sale, one in sold.items() if one["item"] == item]
        if {"HONOUR" if OVERBOOKING[item] else "REVERSE"} not in told:
            sell_the_last_one_twice(item)
    sold = settle()
    final = verdicts()
    assert all(len(outcomes) == 1 for outcomes in final.values()), final
    assert set(final) == set(sold), set(final) ^ set(sold)
    for item in ITEMS:
        count = Counter(next(iter(final[sale])) for sale, one in sold.items()
                        if one["item"] == item)
        left = capacity[item] - by_centre[item] - count["FIRM"] - count["HONOUR"]
        site.wait_available(item, left)
        assert newest(item)["available"] == left, newest(item)
        beyond = "HONOUR" if OVERBOOKING[item] else "REVERSE"
        assert count[beyond] >= 1 and count["HONOUR"] <= OVERBOOKING[item], count
        print(f"{item}: {capacity[item]} seats, {by_centre[item]} sold by the centre, "
              f"{sum(count.values())} by the site: {dict(count)}; {left} left")
    assert deaths >= len(ROUNDS) // 2, deaths
    print(f"{deaths} deaths in {len(ROUNDS)} rounds, {len(asked)} asked, {len(sold)} sold")
