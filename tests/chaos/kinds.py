"""The kinds of actions that a plan is made of, and which are on unless the command line says
otherwise. This is the one place where a kind is turned on or off."""

# Kind: how often it is drawn, relative to the others.
WEIGHTS = {
    # What clients do.
    "publish": 30,
    "big": 3,
    "burst": 3,
    "heavy": 2,
    "retained": 8,
    "cleared": 3,
    "unwanted": 3,
    "properties": 3,
    "answer": 4,
    "fan-out": 3,
    "subscriber": 2,
    # What lines do.
    "cut": 6,
    "hang-up": 5,
    "black-hole": 3,
    "slow": 3,
    "lost-acknowledgements": 3,
    "turned-away": 6,
    # What processes do.
    "kill-bridge": 6,
    "restart-bridge": 4,
    "freeze-bridge": 2,
    "freeze-broker": 2,
    "stop-broker": 3,
    "kill-broker": 4,
    "empty-broker": 3,
    "put-back": 2,
    "forgets-again": 4,
    # What brokers refuse. Only the scripted broker has quotas, hangs up over a topic, and refuses
    # or leaves unanswered single subscriptions.
    "refused-topic": 4,
    "refused-filter": 4,
    "quota": 5,
    "closes-over": 4,
    # What disks do, where it is a small one.
    "disk-full": 10,
    # What people change.
    "route-added": 3,
    "route-removed": 2,
    "route-narrowed": 3,
    "route-split": 2,
    "route-widened": 2,
    "to-changed": 2,
    "lane-changed": 2,
    "client-id": 2,
    "payload-limit": 4,
    "lane-limit": 2,
    # In between.
    "settle": 4,
    # What the scripted broker is like in some worlds, from begin to end; no step is drawn for it.
    "mute": 0,
    "qos-1": 0,
    "refuses-own": 0,
    "closes-own": 0,
}
# Drawn more often where the central broker is the scripted one, since nowhere else.
SCRIPTED = ("refused-filter", "quota", "closes-over")
# In each plan, unless the client is Paho's, which takes in whole what is over the limit: few plans
# would have it by themselves.
ALWAYS = "payload-limit"
TRAITS = [kind for kind, weight in WEIGHTS.items() if weight == 0]

# What the bridge cannot do yet, and why it is known; on with --only, off by default.
OFF = {}
# What is not held against the bridge yet, and why.
CHECKS_OFF = {}


def on_by_default():
    return set(WEIGHTS) - set(OFF)
