#include "forwarder/forwarder.hpp"

#include <doctest/doctest.h>

#include "clock.hpp"
#include "message/stamp.hpp"
#include "support/forwarder_case.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("forwarder: a lane goes out in order, what waited first and what comes then") {
  ForwarderCase bridge;
  bridge.append("default", 1, 3);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3");
  bridge.append("default", 4, 5);
  CHECK(bridge.payloads() == "4 5");
}

TEST_CASE("forwarder: on a connection that is continued it goes on where the one before stopped") {
  ForwarderCase bridge;
  Limits limits;
  limits.session_present = limits.will_retained = true;
  bridge.append("default", 1, 2);
  bridge.connect(limits);
  const auto standing = [&] {
    std::optional<Forwarder::Standing> standing;
    bridge.link->run([&] { standing = bridge.forwarder->standing(); });
    return standing;
  };
  CHECK(bridge.payloads() == "1 2");
  CHECK_FALSE(standing());
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2)});
  REQUIRE(bridge.bookmark_reaches("default", 2));
  bridge.settle();
  const auto before = standing();
  REQUIRE(before);
  CHECK(before->connection > 0);
  bridge.restart();
  bridge.forwarder->go_on(*before);
  bridge.state = "online";  // as it said itself; on any other connection that would be a doubt
  bridge.append("default", 3, 3);
  limits.continued = true;
  bridge.connect(limits);
  CHECK(bridge.payloads_to_come() == "3");
  bridge.accept({bridge.tag("default", 3)});
  REQUIRE(bridge.bookmark_reaches("default", 3));
  CHECK(nlohmann::json::parse(*bridge.retained)["connection"] == before->connection);
}

TEST_CASE("forwarder: nothing goes before the far broker has said what it has") {
  ForwarderCase bridge;
  bridge.answers_own = false;
  bridge.append("default", 1, 1);
  bridge.connect();
  CHECK(bridge.payloads().empty());
  bridge.answers_own = true;
  CHECK(bridge.payloads() == "1");
}

TEST_CASE("forwarder: the window is the smaller of the setting and the broker's") {
  for (const auto& [window, maximum] : {std::pair{4U, 65'535U}, std::pair{1'000U, 4U}}) {
    ForwarderCase bridge({}, window);
    bridge.append("default", 1, 10);
    Limits limits;
    limits.receive_maximum = maximum;
    bridge.connect(limits);
    CHECK(bridge.payloads() == "1 2 3 4");
    CHECK(bridge.forwarder->lanes().at("default").in_flight == 4);
    bridge.accept({bridge.tag("default", 1), bridge.tag("default", 3)});
    CHECK(bridge.payloads() == "5 6");
  }
}

TEST_CASE("forwarder: its own messages keep to the broker's receive maximum, and go first") {
  ForwarderCase bridge;
  Limits limits;
  limits.receive_maximum = 2;
  bridge.connect(limits);
  REQUIRE(bridge.bookmark_comes());
  bridge.append("default", 1, 4);
  CHECK(bridge.payloads() == "1 2");
  bridge.own.clear();
  bridge.answers_own = false;
  bridge.link->run([&] { bridge.forwarder->publish("s", "offline", true); });
  CHECK(bridge.own.empty());
  bridge.accept({bridge.tag("default", 1)});
  CHECK(bridge.payloads().empty());
  REQUIRE(bridge.own.size() == 1);
  CHECK(bridge.own[0].payload == "offline");
  CHECK(bridge.own[0].retain);
}

TEST_CASE("forwarder: the cursor moves over contiguous outcomes only") {
  ForwarderCase bridge;
  bridge.append("default", 1, 5);
  bridge.connect();
  bridge.accept({bridge.tag("default", 2), bridge.tag("default", 4)});
  CHECK(bridge.journal.state("default").cursor == 0);
  CHECK(bridge.journal.state("default").backlog() == 3);
  bridge.accept({bridge.tag("default", 1)});
  CHECK(bridge.journal.state("default").cursor == 2);
  bridge.accept({bridge.tag("default", 3), bridge.tag("default", 5)});
  CHECK(bridge.journal.state("default").cursor == 5);
  CHECK(bridge.journal.state("default").count(Fate::forwarded) == 5);
}

TEST_CASE("forwarder: after a lost session only what has no outcome goes again, oldest first") {
  ForwarderCase bridge;
  bridge.append("default", 1, 5);
  bridge.connect();
  bridge.accept({bridge.tag("default", 2), bridge.tag("default", 4)});
  bridge.take();
  bridge.disconnect();
  bridge.lose({bridge.tag("default", 1), bridge.tag("default", 3), bridge.tag("default", 5)});
  bridge.append("default", 6, 6);
  bridge.connect();
  CHECK(bridge.payloads() == "1 3 5 6");
}

TEST_CASE("forwarder: with the session gone nothing goes until the last of before is lost") {
  ForwarderCase bridge;
  bridge.append("default", 1, 2);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2");
  bridge.disconnect();
  bridge.append("default", 3, 3);
  bridge.connect();
  CHECK(bridge.payloads().empty());
  bridge.lose({bridge.tag("default", 1)});
  CHECK(bridge.payloads().empty());
  bridge.lose({bridge.tag("default", 2)});
  CHECK(bridge.payloads() == "1 2 3");
}

TEST_CASE("forwarder: what the link still has in its hands is not sent twice") {
  ForwarderCase bridge;
  bridge.append("default", 1, 3);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3");
  bridge.disconnect();
  bridge.append("default", 4, 4);
  bridge.connect_with_session();
  CHECK(bridge.payloads() == "4");
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2), bridge.tag("default", 3),
                 bridge.tag("default", 4)});
  CHECK(bridge.payloads().empty());
  CHECK(bridge.journal.state("default").cursor == 4);
}

TEST_CASE("forwarder: an outcome that comes while the journal is asked where to go on counts") {
  ForwarderCase bridge;
  bridge.append("default", 1, 3);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3");
  bridge.disconnect();
  bridge.answers_own = false;
  Limits limits;
  limits.session_present = true;
  bridge.connect(limits);
  const std::string fence = bridge.own.back().payload;
  bridge.link->run([&] {
    bridge.forwarder->heard(fence);                  // asks the journal
    (*bridge.journal).inspect([](JournalCore&) {});  // which answers, behind this task
    const Outcome accepted{Outcome::Kind::accepted, 0, bridge.tag("default", 2)};
    bridge.forwarder->outcomes({&accepted, 1});
  });
  CHECK(bridge.payloads().empty());
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 3)});
  CHECK(bridge.journal.state("default").cursor == 3);
}

TEST_CASE("forwarder: one lost while the link seems up holds back what is newer") {
  ForwarderCase bridge({}, 3);
  bridge.append("default", 1, 6);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3");
  bridge.lose({bridge.tag("default", 2)});
  CHECK(bridge.payloads().empty());
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 3)});
  CHECK(bridge.payloads() == "2 4 5");
}

TEST_CASE("forwarder: a refused message is quarantined with the reason and the lane goes on") {
  ForwarderCase bridge;
  bridge.append("default", 1, 3);
  bridge.connect();
  bridge.refuse({bridge.tag("default", 1)}, 0x99);
  bridge.accept({bridge.tag("default", 2), bridge.tag("default", 3)});
  const auto aside = bridge.journal.quarantined();
  REQUIRE(aside.size() == 1);
  CHECK(aside[0].sequence == 1);
  CHECK(aside[0].payload == "1");
  CHECK(aside[0].reason == "payload format invalid (0x99)");
  const LaneState lane = bridge.journal.state("default");
  CHECK(lane.cursor == 3);
  CHECK(lane.count(Fate::quarantined) == 1);
  CHECK(lane.count(Fate::forwarded) == 2);
}

TEST_CASE("forwarder: what is larger than the broker takes is quarantined, never sent") {
  ForwarderCase bridge;
  bridge.journal.append("default", std::string(2'000, 'x'));
  bridge.append("default", 2, 2);
  Limits limits;
  limits.maximum_packet_bytes = 1'000;
  bridge.connect(limits);
  CHECK(bridge.payloads() == "2");
  const auto aside = bridge.journal.quarantined();
  REQUIRE(aside.size() == 1);
  CHECK(aside[0].reason == "larger than the broker's maximum packet size of 1000 bytes");
  CHECK(aside[0].size == 2'000);
  bridge.accept({bridge.tag("default", 2)});
  CHECK(bridge.journal.state("default").cursor == 2);
}

TEST_CASE("forwarder: QoS and retain go down to what the broker has") {
  ForwarderCase bridge;
  bridge.journal.append("default", {"t", "x", {}, Qos::exactly_once, true});
  Limits limits;
  limits.maximum_qos = Qos::at_least_once;
  limits.retain_available = false;
  bridge.connect(limits);
  const auto sent = bridge.take();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].qos == Qos::at_least_once);
  CHECK_FALSE(sent[0].retain);
  CHECK(bridge.bookmarks == 0);
}

TEST_CASE("forwarder: on MQTT 5 a message carries its stamp and its properties, expiry lowered") {
  ForwarderCase bridge;
  const std::string properties = expiry_property(100) + user_property_block("k", "v");
  bridge.journal.append("default", {"t", "x", properties, Qos::at_least_once, false});
  bridge.connect();
  const auto sent = bridge.take();
  REQUIRE(sent.size() == 1);
  CHECK(user_property(sent[0].properties, "k") == "v");
  CHECK_FALSE(user_property(sent[0].properties, via_property));
  const auto expiry = message_expiry_s(sent[0].properties);
  REQUIRE(expiry);
  CHECK(*expiry <= 100);
  CHECK(*expiry > 50);
  const auto text = user_property(sent[0].properties, stamp_property);
  REQUIRE(text);
  const auto stamp = parse_stamp(*text);
  REQUIRE(stamp);
  CHECK(stamp->origin == "store-42");
  CHECK(stamp->lane == "default");
  CHECK(stamp->sequence == 1);
  std::string epoch;
  bridge.journal->inspect([&](JournalCore& core) { epoch = core.epoch(); });
  CHECK(stamp->epoch == epoch);
}

TEST_CASE("forwarder: on MQTT 3.1.1 there are no properties") {
  ForwarderCase bridge;
  bridge.journal.append("default", {"t", "x", expiry_property(100), Qos::at_least_once, false});
  Limits limits;
  limits.protocol = Protocol::v3_1_1;
  bridge.connect(limits);
  const auto sent = bridge.take();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].properties.empty());
}

TEST_CASE("forwarder: an expired message is not sent but written to the ledger") {
  ForwarderCase bridge;
  bridge.journal.append("default", {"t", "late", expiry_property(0), Qos::at_least_once, false});
  bridge.append("default", 2, 2);
  bridge.connect();
  CHECK(bridge.payloads() == "2");
  bridge.accept({bridge.tag("default", 2)});
  const LaneState lane = bridge.journal.state("default");
  CHECK(lane.cursor == 2);
  CHECK(lane.count(Fate::expired) == 1);
  const auto losses = bridge.journal.losses();
  REQUIRE(losses.size() == 1);
  CHECK(losses[0].reason == "expired");
  CHECK(losses[0].first == 1);
  CHECK(losses[0].last == 1);
}

TEST_CASE("forwarder: a message past the lane's ttl is not sent") {
  LaneSettings media = lane_settings("media");
  media.ttl_ms = 0;
  ForwarderCase bridge({media});
  bridge.append("media", 1, 1);
  bridge.append("default", 2, 2);
  bridge.connect();
  CHECK(bridge.payloads() == "2");
  CHECK(bridge.journal.state("media").count(Fate::expired) == 1);
}

TEST_CASE("forwarder: the lane with the higher priority goes first") {
  ForwarderCase bridge({lane_settings("low", 1), lane_settings("high", 9)}, 2);
  bridge.append("low", 1, 2);
  bridge.append("high", 3, 5);
  bridge.connect();
  bridge.take();  // what was read first
  bridge.accept({bridge.tag("high", 1), bridge.tag("high", 2)});
  bridge.accept({bridge.tag("low", 1), bridge.tag("low", 2)});
  bridge.take();
  bridge.accept({bridge.tag("high", 3)});
  bridge.append("low", 6, 9);
  bridge.take();
  bridge.append("high", 10, 11);
  bridge.accept({bridge.tag("low", 3)});
  CHECK(bridge.payloads() == "10");
  bridge.accept({bridge.tag("low", 4)});
  CHECK(bridge.payloads() == "11");
}

TEST_CASE("forwarder: lanes of equal priority take turns, whatever goes before them") {
  ForwarderCase bridge({lane_settings("a"), lane_settings("b"), lane_settings("high", 9)}, 1);
  bridge.append("default", 0, 0);
  bridge.connect();
  CHECK(bridge.payloads() == "0");
  for (int i = 1; i <= 4; ++i) {
    bridge.journal.append("a", "a");
    bridge.journal.append("b", "b");
    bridge.journal.append("high", "h");
  }
  // One high message between any two others.
  std::string order;
  std::uint64_t flying = bridge.tag("default", 1);
  for (int i = 0; i < 12; ++i) {
    bridge.accept({flying});
    const auto sent = bridge.take();
    REQUIRE(sent.size() == 1);
    order += sent[0].payload;
    flying = sent[0].tag;
  }
  CHECK(order.substr(0, 4) == "hhhh");
  CHECK((order.substr(4) == "abababab" || order.substr(4) == "babababa"));
}

TEST_CASE("forwarder: a lane waits for its rate, and the others do not wait for it") {
  LaneSettings slow = lane_settings("slow", 9);
  slow.rate.messages_per_s = 2;
  ForwarderCase bridge({slow});
  bridge.append("slow", 1, 5);
  bridge.append("default", 6, 7);
  bridge.connect();
  std::string first = bridge.payloads();
  CHECK(first.find("1 2") != std::string::npos);
  CHECK(first.find("6 7") != std::string::npos);
  // The rest comes of itself.
  std::size_t more = first.size() / 2 + 1 - 4;
  const std::int64_t deadline = boottime_ms() + 10'000;
  while (more < 3 && boottime_ms() < deadline) more += bridge.take().size();
  CHECK(more == 3);
}

TEST_CASE("forwarder: outside of its hours a lane does not send") {
  const std::time_t wall = std::time(nullptr);
  std::tm local{};
  localtime_r(&wall, &local);
  LaneSettings closed = lane_settings("closed", 9);
  const int minute = local.tm_hour * 60 + local.tm_min;
  closed.hours = Hours{(minute + 120) % 1'440, (minute + 180) % 1'440};
  LaneSettings open = lane_settings("open", 9);
  open.hours = Hours{(minute + 1'380) % 1'440, (minute + 60) % 1'440};
  ForwarderCase bridge({closed, open});
  bridge.append("closed", 1, 1);
  bridge.append("open", 2, 2);
  bridge.connect();
  CHECK(bridge.payloads() == "2");
}

TEST_CASE("forwarder: lanes that others go before have little on the wire at once") {
  ForwarderCase bridge({lane_settings("high", 9)});
  const std::string large(100 << 10, 'x');
  for (int i = 0; i < 6; ++i) {
    bridge.journal.append("default", large);
    bridge.journal.append("high", large);
  }
  bridge.connect();
  int low = 0;
  int high = 0;
  for (const std::uint64_t tag : bridge.tags()) ++(tag >> 48 == 1 ? low : high);
  CHECK(high == 6);
  CHECK(low == 3);  // as much as reaches 256 KiB
  bridge.accept({bridge.tag("default", 1)});
  CHECK(bridge.take().size() == 1);
}

TEST_CASE("forwarder: a new connection while the journal is asked is not answered with the old") {
  ForwarderCase bridge;
  bridge.append("default", 1, 2);
  Limits limits;
  bridge.link->run([&] {
    bridge.forwarder->subscribed(limits);
    bridge.forwarder->disconnected();
    bridge.forwarder->subscribed(limits);
  });
  CHECK(bridge.payloads() == "1 2");
}

TEST_CASE("forwarder: on hold nothing more is sent, outcomes are still taken") {
  ForwarderCase bridge({}, 2);
  bridge.append("default", 1, 4);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2");
  bridge.link->run([&] { bridge.forwarder->end_sending(); });
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2)});
  CHECK(bridge.payloads().empty());
  CHECK(bridge.journal.state("default").cursor == 2);
  bridge.own.clear();
  bridge.link->run([&] { bridge.forwarder->publish("s", "offline", true); });
  bridge.settle();
  CHECK(std::any_of(bridge.own.begin(), bridge.own.end(),
                    [](const Sent& sent) { return sent.payload == "offline"; }));
}

TEST_CASE("forwarder: while the link is down its own messages go nowhere") {
  ForwarderCase bridge;
  bridge.link->run([&] { bridge.forwarder->publish("s", "online", true); });
  bridge.settle();
  CHECK(bridge.own.empty());
}
