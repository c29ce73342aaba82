"""What an MQTT 5 publisher writes on a message crosses with it, and the bridge adds its stamp. The
time that a message waited comes off its expiry.

R13, and the stamp's format
"""
from stage import SALE, Stage, wait_until

with Stage() as stage:
    site, central = stage.broker("site"), stage.broker("central")
    headquarters = stage.receiver(central, "stores/#")
    bascule = stage.bascule(site, central)
    till = stage.publisher(site)

    till.publish(SALE, "tea", ContentType="text/plain", ResponseTopic="pos/till-1/answer",
                 CorrelationData=b"\x00\x01sale", PayloadFormatIndicator=1,
                 UserProperty=[("cashier", "Ada"), ("shift", "late")])
    sale = headquarters.wait_payload("tea")
    assert sale.properties.ContentType == "text/plain"
    assert sale.properties.ResponseTopic == "pos/till-1/answer"
    assert sale.properties.CorrelationData == b"\x00\x01sale"
    assert sale.properties.PayloadFormatIndicator == 1
    assert sale.user["cashier"] == "Ada" and sale.user["shift"] == "late"

    origin, epoch, lane, sequence, captured_ms, proof = sale.stamp.split("/")
    assert len(proof) == 11, sale.stamp
    assert (origin, lane) == ("store-42", "default"), sale.stamp
    assert epoch == bascule.status()["epoch"] and len(epoch) == 16
    assert int(sequence) >= 1 and int(captured_ms) > 1_600_000_000_000
    assert "bascule-via" not in sale.user  # it has passed no other

    # An hour to live, of which some seconds pass in the journal.
    central.stop()
    till.publish(SALE, "ice", MessageExpiryInterval=3600)
    till.wait_acknowledged()
    wait_until(lambda: bascule.lane("up")["oldest_age_s"] >= 2, "a message two seconds old")
    central.start()
    left_s = headquarters.wait_payload("ice").properties.MessageExpiryInterval
    assert 3500 < left_s <= 3598, f"{left_s} s left of an hour"
    bascule.wait_drained()
