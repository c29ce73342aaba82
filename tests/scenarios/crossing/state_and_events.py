"""The bridge says how it is: online or offline, retained on both brokers, with a will for when it
dies; and its events cross to central through the journal, also those of an outage.

R12 R13
"""
from stage import Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    watchers = [stage.receiver(site, "bascule/store-42/#", name="site-watcher"),
                stage.receiver(central, "bascule/store-42/#", name="central-watcher")]

    def wait_for_both(state):
        for watcher in watchers:
            said = lambda: [one.payload for one in watcher.internal
                            if one.topic == "bascule/store-42/state"]
            wait_until(lambda: said()[-1:] == [state], lambda: f"{state}, the states are {said()}")

    def wait_event(*words):
        events = lambda: [one.payload for one in watchers[1].internal
                          if one.topic == "bascule/store-42/events"]
        wait_until(lambda: any(all(word in event for word in words) for event in events()),
                   lambda: f"an event with {words}, events are {events()}")

    bascule = stage.bascule(site, central)
    wait_for_both("online")
    bascule.kill()
    wait_for_both("offline")
    bascule.start()
    wait_for_both("online")
    assert bascule.terminate() == 0
    wait_for_both("offline")

    bascule.start()
    central.stop()
    bascule.wait_link("central", "down")
    central.start()
    bascule.wait_link("central", "up")
    wait_event("central", "down")
    wait_event("central", "up")
