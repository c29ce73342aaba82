"""The way to central leads through a web server: MQTT over WebSockets, with and without TLS, with
an outage and a crash, by both clients. The native one crosses at QoS 2, too.

R2 R3 R4; the contract's schemes ws and wss
"""
from stage import ORDER, ORDER_ABOVE, SALE, SALE_ABOVE, Stage


def story(client, scheme, qos):
    with Stage() as stage:
        # With more waiting than it lets be in flight mosquitto may change their order.
        wide = ["max_inflight_messages 1000"]
        site, central = stage.broker("site", options=wide), stage.broker("central", options=wide)
        authority = stage.authority()
        certificate = authority.issue("central") if scheme == "wss" else None
        door = central.open_door(scheme, certificate)
        tls = {"tls": {"ca_file": str(authority.certificate)}} if certificate else {}
        headquarters = stage.receiver(central, SALE_ABOVE, qos=2)
        kitchen = stage.receiver(site, ORDER, name="kitchen", qos=2)
        bascule = stage.bascule(site, door, central_link={"client": client, **tls})
        till = stage.publisher(site)
        buyer = stage.publisher(central, "buyer")

        def exchange(first, last):
            till.publish_numbered(SALE, first, last, qos=qos)
            buyer.publish_numbered(ORDER_ABOVE, first, last, qos=qos)

        exchange(1, 100)
        headquarters.expect(range(1, 101))
        kitchen.expect(range(1, 101))

        central.stop()
        till.publish_numbered(SALE, 101, 200, qos=qos)
        central.start()
        buyer.publish_numbered(ORDER_ABOVE, 101, 200, qos=qos)
        bascule.kill()
        bascule.start()
        exchange(201, 300)
        headquarters.expect(range(1, 301))
        kitchen.expect(range(1, 301))
        assert {one.qos for one in headquarters.unique + kitchen.unique} == {qos}
        bascule.wait_drained()


story("native", "ws", 2)
story("auto", "wss", 1)
story("paho", "ws", 1)
story("paho", "wss", 1)
