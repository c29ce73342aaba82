"""What a scenario needs to put actors on stage: brokers, a bascule, clients, a line between them.

    with Stage() as stage:
        site, central = stage.broker("site"), stage.broker("central")
        bascule = stage.bascule(site, central)

Whoever enters through a Stage leaves with it, however the scenario ends.
"""
from stage.attendees import Attendees, check_messages, example
from stage.bascule import ROOT, Bascule, books, program, test_plugin
from stage.broker import Broker
from stage.certificates import Authority
from stage.clients import Publisher, Receiver, retained_at
from stage.disk import Disk
from stage.line import PUBACK, PUBLISH, PUBREC, Line
from stage.proxies import http_proxy, socks_proxy
from stage.scene import Stage
from stage.till import Till
from stage.waiting import holds_for, wait_until

# The topics of the stage's own routes, and where they come out on the other side.
SALE, SALE_ABOVE = "pos/till-1/sale", "stores/store-42/pos/till-1/sale"
ORDER_ABOVE, ORDER = "stores/store-42/orders/7", "orders/7"
