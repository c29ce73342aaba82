// What a batch makes of a message is tested with the forwarder; here is what the batch itself does.
#include "forwarder/publish_batch.hpp"

#include <doctest/doctest.h>

#include "message/properties.hpp"
#include "message/stamp.hpp"

using namespace bascule;

namespace {

LaneItem item(std::uint64_t sequence, std::string_view payload, Qos qos = Qos::at_least_once) {
  LaneItem made;
  made.record.sequence = sequence;
  made.record.message = {"t", payload, {}, qos, true};
  return made;
}

}  // namespace

TEST_CASE("publish batch: each message has the stamp of its own sequence") {
  PublishBatch batch("store-42");
  batch.set_epoch("5f3a9c1e0d2b4a67");
  for (std::uint64_t i = 1; i <= 3; ++i) {
    REQUIRE(batch.add(item(i, "x"), 100 + i, "sales", false, 0).empty());
  }
  REQUIRE(batch.messages().size() == 3);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const Outgoing& out = batch.messages()[i - 1];
    CHECK(out.tag == 100 + i);
    const auto text = user_property(out.message.properties, stamp_property);
    REQUIRE(text);
    const auto stamp = parse_stamp(*text);
    REQUIRE(stamp);
    CHECK(stamp->sequence == i);
    CHECK(stamp->epoch == "5f3a9c1e0d2b4a67");
    CHECK(stamp->lane == "sales");
  }
}

TEST_CASE("publish batch: it is full at 256, and empty again when cleared") {
  PublishBatch batch("store-42");
  for (std::uint64_t i = 1; !batch.full(); ++i)
    REQUIRE(batch.add(item(i, "x"), i, "a", false, 0).empty());
  CHECK(batch.messages().size() == 256);
  batch.clear();
  CHECK(batch.empty());
}

TEST_CASE("publish batch: what the broker cannot take is not added, and the reason is said") {
  PublishBatch batch("store-42");
  Limits limits;
  limits.maximum_packet_bytes = 300;
  limits.maximum_qos = Qos::at_least_once;
  limits.retain_available = false;
  batch.set_limits(limits);
  CHECK_FALSE(batch.add(item(1, std::string(300, 'x')), 1, "a", false, 0).empty());
  CHECK(batch.empty());
  REQUIRE(batch.add(item(2, "x", Qos::exactly_once), 2, "a", false, 0).empty());
  CHECK(batch.newest().message.qos == Qos::at_least_once);
  CHECK_FALSE(batch.newest().message.retain);
}

TEST_CASE("publish batch: what a broker had and lost is marked, and only that") {
  PublishBatch batch("store-42");
  batch.set_limits({});
  REQUIRE(batch.add(item(1, "x"), 1, "a", true, 0).empty());
  CHECK(user_property(batch.newest().message.properties, replayed_property) == "1");
  REQUIRE(batch.add(item(2, "x"), 2, "a", false, 0).empty());
  CHECK_FALSE(user_property(batch.newest().message.properties, replayed_property));
}

TEST_CASE("publish batch: what the link may not publish is not added, and the reason is said") {
  PublishBatch batch("store-42", {}, {.payload_bytes = 4, .topic = {3, 9}});
  const auto add = [&](std::string_view topic, std::string_view payload) {
    LaneItem one = item(1, payload);
    one.record.message.topic = topic;
    return batch.add(one, 1, "a", false, 0);
  };
  CHECK(add("a/b/c", "1234").empty());
  CHECK(add("a/b/c", "12345") ==
        "its payload has 5 bytes, and this link publishes 4 at most (max_payload)");
  CHECK(add("a/b/c/d", "1") ==
        "its topic has 4 levels, and this link publishes 3 at most (topic.levels)");
  CHECK(add("/a/b/", "1").find("4 levels") != std::string::npos);
  CHECK(add("gr\xc3\xbc\xc3\x9f"
            "e/a",
            "1")
            .empty());
  CHECK(add("gr\xc3\xbc\xc3\x9f"
            "e/ab",
            "1") == "its topic has 10 bytes, and this link publishes 9 at most (topic.bytes)");
  CHECK(batch.messages().size() == 2);
}

TEST_CASE("publish batch: what goes without the retain flag that it had is counted") {
  PublishBatch batch("store-42");
  REQUIRE(batch.add(item(1, "x"), 1, "a", false, 0).empty());
  CHECK(batch.unretained() == 0);
  Limits limits;
  limits.retain_available = false;
  batch.set_limits(limits);
  REQUIRE(batch.add(item(2, "x"), 2, "a", false, 0).empty());
  CHECK_FALSE(batch.messages()[1].message.retain);
  CHECK(batch.unretained() == 1);
}
