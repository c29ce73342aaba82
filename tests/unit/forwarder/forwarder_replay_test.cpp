// The forwarder and its bookmark: a far broker that forgets what it had accepted.
#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>

#include "support/forwarder_case.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("forwarder: the bookmark follows what was accepted, and confirms it") {
  ForwarderCase bridge;
  bridge.append("default", 1, 4);
  bridge.connect();
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2), bridge.tag("default", 4)});
  CHECK(bridge.bookmark_reaches("default", 2));
  bridge.accept({bridge.tag("default", 3)});
  CHECK(bridge.bookmark_reaches("default", 4));
  bridge.settle();
  CHECK(bridge.journal.state("default").confirmed == 4);
}

TEST_CASE("forwarder: the bookmark passes what the journal has given up") {
  LaneSettings state = lane_settings("state");
  state.keep = Keep::latest;
  ForwarderCase bridge({state});
  bridge.append("state", 1, 5);  // one topic: only the fifth is left
  bridge.connect();
  CHECK(bridge.payloads() == "5");
  bridge.accept({bridge.tag("state", 5)});
  CHECK(bridge.bookmark_reaches("state", 5));
}

TEST_CASE("forwarder: a bookmark that is ahead of us is not believed") {
  ForwarderCase bridge;
  bridge.append("default", 1, 2);
  bridge.connect();
  bridge.accept({bridge.tag("default", 1)});
  std::string epoch;
  bridge.journal->inspect([&](JournalCore& core) { epoch = core.epoch(); });
  const std::string forged =
      R"({"bridge":"store-42","epoch":")" + epoch + R"(","lanes":{"default":2}})";
  bridge.link->run([&] { bridge.forwarder->heard(forged); });
  bridge.settle();
  CHECK(bridge.journal.state("default").confirmed <= 1);
}

TEST_CASE("forwarder: a broker that forgot gets its history again, in order, then what is new") {
  for (const bool forgets_all : {true, false}) {
    ForwarderCase bridge;
    bridge.append("default", 1, 3);
    bridge.connect();
    bridge.accept(bridge.tags());
    REQUIRE(bridge.bookmark_reaches("default", 3));
    const auto backup = bridge.retained;
    bridge.append("default", 4, 6);
    bridge.accept(bridge.tags());
    REQUIRE(bridge.bookmark_reaches("default", 6));
    bridge.settle();
    bridge.disconnect();
    bridge.retained = forgets_all ? std::nullopt : backup;
    bridge.append("default", 7, 7);
    bridge.connect();
    const auto sent = bridge.take();
    const int first = forgets_all ? 1 : 4;
    REQUIRE(sent.size() == static_cast<std::size_t>(8 - first));
    for (int i = first; i <= 7; ++i) CHECK(sent[i - first].payload == std::to_string(i));
    std::vector<std::uint64_t> tags;
    for (const Sent& message : sent) tags.push_back(message.tag);
    bridge.accept(tags);
    CHECK(bridge.bookmark_reaches("default", 7));
    CHECK(bridge.journal.state("default").replay_next == 0);
    CHECK(bridge.journal.state("default").count(Fate::forwarded) == 7);
  }
}

TEST_CASE("forwarder: a session that is there overrules an older bookmark where it outlives it") {
  for (const bool knows_qos_2 : {true, false}) {
    ForwarderCase bridge;
    REQUIRE(bridge.crosses_first(3));
    const auto older = bridge.retained;
    bridge.append("default", 4, 6);
    bridge.accept(bridge.tags());
    REQUIRE(bridge.bookmark_reaches("default", 6));
    bridge.settle();
    bridge.append("default", 7, 7);
    CHECK(bridge.payloads() == "7");
    bridge.disconnect();
    bridge.lose({bridge.tag("default", 7)});
    bridge.retained = older;
    Limits limits;
    limits.session_present = true;
    limits.maximum_qos = Qos::at_least_once;
    limits.knows_qos_2 = knows_qos_2;
    bridge.connect(limits);
    CHECK(bridge.payloads() == (knows_qos_2 ? "4 5 6 7" : "7"));
  }
}

TEST_CASE("forwarder: where a broker acknowledges what it has not stored, its bookmark lags") {
  for (const bool lags : {true, false}) {
    ForwarderCase bridge;
    bridge.set_bookmark_delay(std::chrono::milliseconds(50));
    bridge.set_broker(lags ? BrokerKind::nats : BrokerKind::mosquitto);
    REQUIRE(bridge.crosses_first(3));
    REQUIRE(bridge.own.size() >= 3);  // the fence, the connection's first bookmark, and the next
    const auto next = nlohmann::json::parse(bridge.own[2].payload);
    CHECK(next["lanes"]["default"] == (lags ? 0 : 3));
  }
}

TEST_CASE("forwarder: a session that is lost is answered for, though the line was cut at once") {
  ForwarderCase bridge;
  bridge.append("default", 1, 2);
  bridge.journal->enter_session(Direction::down, {"broker", false});
  bridge.connect();
  bridge.answers_own = false;  // no bookmark comes to be known
  bridge.accept(bridge.tags());
  bridge.cut();
  bridge.retained.reset();
  bridge.journal->enter_session(Direction::down, {"broker", false});
  bridge.connect();
  CHECK(bridge.payloads().empty());
  bridge.cut();
  bridge.answers_own = true;
  bridge.journal->enter_session(Direction::down, {"broker", true});
  bridge.connect_with_session();
  CHECK(bridge.payloads() == "1 2");
}

TEST_CASE("forwarder: a replay that is cut off goes on where it was, after a restart too") {
  ForwarderCase bridge;
  REQUIRE(bridge.crosses_first(6));
  bridge.disconnect();
  bridge.retained.reset();
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3 4 5 6");
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2), bridge.tag("default", 4)});
  CHECK(bridge.bookmark_reaches("default", 2));
  bridge.restart();
  bridge.connect();
  CHECK(bridge.payloads() == "3 4 5 6");
}

TEST_CASE("forwarder: outcomes of newer messages do not end a replay") {
  ForwarderCase bridge;
  REQUIRE(bridge.crosses_first(4));
  bridge.append("default", 5, 6);
  CHECK(bridge.payloads() == "5 6");
  bridge.disconnect();
  std::string epoch;
  bridge.journal->inspect([&](JournalCore& core) { epoch = core.epoch(); });
  bridge.retained = R"({"bridge":"store-42","epoch":")" + epoch + R"(","lanes":{"default":0}})";
  bridge.connect_with_session();
  CHECK(bridge.payloads() == "1 2 3 4");
  bridge.accept({bridge.tag("default", 5), bridge.tag("default", 1)});
  CHECK(bridge.journal.state("default").replay_next == 2);
  bridge.accept({bridge.tag("default", 2), bridge.tag("default", 3), bridge.tag("default", 4)});
  CHECK(bridge.journal.state("default").replay_next == 0);
  bridge.accept({bridge.tag("default", 6)});
  CHECK(bridge.bookmark_reaches("default", 6));
}

TEST_CASE("forwarder: a message of the history that is refused is not quarantined again") {
  ForwarderCase bridge;
  REQUIRE(bridge.crosses_first(2));
  bridge.disconnect();
  bridge.retained.reset();
  bridge.connect();
  const auto again = bridge.tags();
  REQUIRE(again.size() == 2);
  bridge.refuse(again, 0x99);
  CHECK(bridge.journal.quarantined().empty());
  CHECK(bridge.journal.state("default").count(Fate::forwarded) == 2);
  CHECK(bridge.journal.state("default").replay_next == 0);
}

TEST_CASE("forwarder: a message of the history whose topic is refused waits again") {
  ForwarderCase bridge;
  REQUIRE(bridge.crosses_first(2));
  bridge.disconnect();
  bridge.retained.reset();
  bridge.connect();
  bridge.refuse(bridge.tags(), 0x87);
  CHECK(bridge.journal.state("default").held == 2);
  CHECK(bridge.journal.state("default").count(Fate::forwarded) == 0);
  CHECK(bridge.payloads_to_come() == "1");
  bridge.accept({bridge.tag("default", 1)});
  CHECK(bridge.payloads_to_come() == "2");
}

TEST_CASE("forwarder: what was accepted when a crash came is known from the bookmark") {
  ForwarderCase bridge;
  std::string epoch;
  bridge.journal->inspect([&](JournalCore& core) {
    core.positions(Direction::up, {});  // it has been connected before
    epoch = core.epoch();
  });
  bridge.append("default", 1, 3);
  bridge.retained = R"({"bridge":"store-42","epoch":")" + epoch + R"(","lanes":{"default":2}})";
  bridge.connect();
  CHECK(bridge.payloads() == "3");
  CHECK(bridge.journal.state("default").cursor == 2);
}

TEST_CASE("forwarder: what a broker has is compared, though an outcome comes in between") {
  ForwarderCase bridge;
  bridge.append("default", 1, 1);
  bridge.connect();
  bridge.accept(bridge.tags());
  REQUIRE(bridge.bookmark_reaches("default", 1));
  const auto backup = bridge.retained;
  bridge.append("default", 2, 3);
  bridge.accept(bridge.tags());
  REQUIRE(bridge.bookmark_reaches("default", 3));
  bridge.settle();
  bridge.append("default", 4, 4);
  CHECK(bridge.payloads() == "4");
  bridge.disconnect();
  std::promise<void> gate;
  bridge.journal->tell([open = gate.get_future().share()] { open.wait(); });
  Limits limits;
  limits.session_present = true;
  limits.maximum_qos = Qos::at_least_once;  // so that nothing can be half done
  bridge.link->run([&] {
    bridge.forwarder->connected();
    bridge.forwarder->heard(*backup);
    bridge.forwarder->subscribed(limits);
  });
  bridge.link->run([&] { bridge.forwarder->heard(bridge.own.back().payload); });  // the fence
  const Outcome outcome{Outcome::Kind::accepted, 0, bridge.tag("default", 4)};
  bridge.link->run([&] { bridge.forwarder->outcomes({&outcome, 1}); });
  gate.set_value();
  CHECK(bridge.payloads().starts_with("2 3"));
}

namespace {

Limits with_will(bool session_present) {
  Limits limits;
  limits.session_present = session_present;
  limits.maximum_qos = Qos::at_least_once;  // so that no packet ids are cleared
  limits.will_retained = true;
  return limits;
}

std::uint64_t connection_of(const ForwarderCase& bridge) {
  return nlohmann::json::parse(bridge.retained.value()).value("connection", std::uint64_t{0});
}

}  // namespace

TEST_CASE("forwarder: a connection's first bookmark goes ahead of its lanes, with its number") {
  ForwarderCase bridge;
  for (const std::uint64_t connection : {1, 2, 3}) {
    bridge.append("default", 1, 2);
    bridge.link->take_sent();
    bridge.connect(with_will(connection > 1));
    const auto sent = bridge.link->take_sent();
    const auto lane = std::ranges::find_if(sent, [](const Sent& one) { return one.tag > 1; });
    const auto bookmark = std::ranges::find_if(sent, &Sent::retain);
    REQUIRE(lane != sent.end());
    CHECK(bookmark < lane);
    CHECK(connection_of(bridge) == connection);
    bridge.accept({lane->tag, lane->tag + 1});
    bridge.cut();
  }
  bridge.connect();
  CHECK(connection_of(bridge) == 0);  // no will says when it is over
}

TEST_CASE("forwarder: what crossed behind the bookmark goes again if no end was noted after it") {
  for (const char* state : {"online", "offline"}) {
    CAPTURE(state);
    ForwarderCase bridge;
    bridge.append("default", 1, 3);
    bridge.connect(with_will(false));
    bridge.accept(bridge.tags());
    REQUIRE(bridge.bookmark_reaches("default", 3));
    bridge.settle();
    bridge.answers_own = false;  // the next bookmark does not get there
    bridge.append("default", 4, 5);
    bridge.accept(bridge.tags());
    CHECK(bridge.journal.state("default").cursor == 5);
    bridge.cut();
    bridge.answers_own = true;
    bridge.state = state;
    bridge.append("default", 6, 6);
    bridge.connect(with_will(true));
    CHECK(bridge.payloads() == (bridge.state == "online" ? "4 5 6" : "6"));
  }
}

TEST_CASE("forwarder: a broker that comes back without the first bookmark is noticed") {
  for (const bool knows_qos_2 : {true, false}) {
    CAPTURE(knows_qos_2);
    ForwarderCase bridge;
    bridge.append("default", 1, 2);
    bridge.connect(with_will(false));
    REQUIRE(connection_of(bridge) == 1);
    bridge.answers_own = false;
    bridge.accept(bridge.tags());
    CHECK(bridge.journal.state("default").confirmed == 0);
    bridge.cut();
    bridge.answers_own = true;
    bridge.retained.reset();
    Limits limits = with_will(true);
    limits.knows_qos_2 = knows_qos_2;
    bridge.connect(limits);
    CHECK(bridge.payloads() == (knows_qos_2 ? "1 2" : ""));
  }
}
