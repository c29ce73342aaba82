"""Kills a bridge at one system call after another, and looks whether anything was lost."""
import os

from stage.scene import Stage
from stage.waiting import wait_until

UP = "pos/till-1/sale", "stores/store-42/pos/till-1/sale"
DOWN = "stores/store-42/orders/7", "orders/7"
PER_ROUND = 60


def sweep(points, qos=1, size=0):
    """`points` names for each system call some numbers N. For each of them the bridge starts,
    messages go both ways, it dies of SIGKILL as a thread of it makes the call for the N-th time,
    it starts again. All arrive; at QoS 2 once each, also without dropping repeats by their stamp:
    the brokers and all sessions live on. Each message has `size` bytes and a few. Over MQTT 5, and
    over 3.1.1. SWEEP=200 in the environment tries every N from 1 to 200."""
    if "SWEEP" in os.environ:
        points = {syscall: range(1, int(os.environ["SWEEP"]) + 1) for syscall in points}
    for protocol in "5", "3.1.1":
        with Stage() as stage:
            _sweep_over(stage, protocol, points, qos, lambda number: f"{number} {'x' * size}")


def _sweep_over(stage, protocol, points, qos, text):
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, UP[1], qos=qos, numbered=True)
    kitchen = stage.receiver(site, DOWN[1], name="kitchen", qos=qos, numbered=True)
    till, buyer = stage.publisher(site), stage.publisher(central, "buyer")
    bascule = stage.bascule(site, central, site_link={"protocol": protocol},
                            central_link={"protocol": protocol})
    bascule.terminate()

    last = deaths = 0
    for syscall, numbers in points.items():
        for point in numbers:
            bascule.start_killed_at(syscall, point)
            for number in range(last + 1, last + PER_ROUND + 1):
                till.publish(UP[0], text(number), qos)
                buyer.publish(DOWN[0], text(number), qos)
            last += PER_ROUND
            wait_until(lambda: not bascule.running or
                       len(headquarters.unique) == len(kitchen.unique) == last,
                       f"the end at {syscall} {point}, or all messages")
            deaths += not bascule.running
            bascule.kill()

            bascule.start()
            headquarters.expect(map(text, range(1, last + 1)))
            kitchen.expect(map(text, range(1, last + 1)))
            bascule.wait_drained()
            bascule.check_books()
            if qos == 2:
                assert headquarters.repeats == kitchen.repeats == 0, (
                    f"{syscall} {point}: repeats on the wire: {headquarters.repeats} up, "
                    f"{kitchen.repeats} down")
            bascule.kill()
    rounds = sum(map(len, points.values()))
    assert deaths >= 2 * len(points), f"{deaths} deaths in {rounds} rounds: lower the points"
    print(f"MQTT {protocol}: {deaths} deaths in {rounds} rounds, {2 * last} messages, all "
          f"arrived; repeats on the wire: {headquarters.repeats} up, {kitchen.repeats} down")
