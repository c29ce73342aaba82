"""What the centre keeps for its sites as retained messages is loaded while the line is there: to
each site what its routes ask for, and of that only what the central broker's access list lets it
read. How much has come, and how much of that is at the site, is counted. Then the line is cut, and
all of it is at the site's broker, also for a device that connects only now.

R14 R7
"""
from stage import Stage, wait_until

PRICES, SEATS = 1_500, 400
RULES = """
user staff
topic readwrite #
user site-a
topic readwrite bascule/#
topic read prices/#
topic read seats/a/#
user site-b
topic readwrite bascule/#
topic read prices/#
topic read seats/b/#
"""


def asks_for(**filters):
    return [{"name": name, "direction": "down", "from": one} for name, one in filters.items()]


def count(bridge):
    """How much of it has come, and how much of that is at the site's broker."""
    status = bridge.status()
    down = status["counters"]["down"] if status else {}
    return down.get("journaled"), down.get("forwarded")


with Stage() as stage:
    rules = stage.folder / "rules"
    rules.write_text(RULES)
    people = {name: name for name in ("staff", "site-a", "site-b")}
    central = stage.broker("central", options=[f"acl_file {rules}", *stage.passwords(people)])
    staff = stage.publisher(central, "staff", username="staff", password="staff")
    for number in range(PRICES):
        staff.publish(f"prices/{number}", f"price {number}", retain=True)
    for number in range(SEATS):
        for site in "ab":
            staff.publish(f"seats/{site}/{number}", f"seat {site}{number}", retain=True)
    staff.wait_acknowledged()

    # Site a asks for everybody's seats, site b for no prices.
    wanted = {"site-a": asks_for(prices="prices/#", seats="seats/#"),
              "site-b": asks_for(seats="seats/b/#")}
    whole = {"site-a": PRICES + SEATS, "site-b": SEATS}
    brokers, bridges, lines = {}, {}, {}
    for name, routes in wanted.items():
        brokers[name], lines[name] = stage.broker(name), stage.line(central)
        inside = stage.line(brokers[name])
        secret = stage.folder / f"{name}.password"
        secret.write_text(name)
        bridges[name] = stage.bascule(
            inside, lines[name], bridge_id=name, routes=routes, start=False,
            central_link={"username": name, "password_file": str(secret)})
        # The site's broker is not there yet: how much has come, and how much of it has got there.
        inside.cut()
        bridges[name].start(up=False)
        for got_there in 0, whole[name]:
            wait_until(lambda: count(bridges[name]) == (whole[name], got_there),
                       lambda: f"{got_there} of {whole[name]} to be at {name}, "
                       f"{count(bridges[name])} are")
            print(f"{name}: {whole[name]} have come, {got_there} of them are there")
            inside.restore()

    for name in bridges:
        lines[name].cut()
        bridges[name].wait_link("central", "down")
    kiosk = {name: stage.receiver(brokers[name], "prices/#", "seats/#", name=f"kiosk-{name}")
             for name in bridges}
    seats = {f"seats/{site}/{number}" for site in "ab" for number in range(SEATS)}
    for name, own in ("site-a", "a"), ("site-b", "b"):
        kiosk[name].wait_count(whole[name])
        topics = {one.topic for one in kiosk[name].unique}
        assert topics & seats == {f"seats/{own}/{number}" for number in range(SEATS)}, name
        assert len(topics - seats) == (PRICES if name == "site-a" else 0), name
        assert not any("bascule" in topic for topic in topics)
