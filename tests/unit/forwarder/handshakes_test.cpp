// QoS 2 on the way out: what goes when, and what goes on after a connection or a process ended.
#include <doctest/doctest.h>

#include "support/forwarder_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

using Stage = Outgoing::Stage;

void put(ForwarderCase& bridge, int from, int to, Qos qos = Qos::exactly_once) {
  for (int i = from; i <= to; ++i) {
    const std::string payload = std::to_string(i);
    bridge.journal.append("default", {"t", payload, {}, qos, false});
  }
}

std::vector<std::uint64_t> tags_of(ForwarderCase& bridge, std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> tags;
  for (; from <= to; ++from) tags.push_back(bridge.tag("default", from));
  return tags;
}

void receive(ForwarderCase& bridge, std::uint64_t from, std::uint64_t to) {
  bridge.give(Outcome::Kind::received, tags_of(bridge, from, to));
}

std::vector<std::uint16_t> ids_of(const std::vector<Sent>& sent) {
  std::vector<std::uint16_t> ids;
  for (const Sent& one : sent) ids.push_back(one.packet_id);
  return ids;
}

}  // namespace

TEST_CASE("handshakes: nothing goes out before its packet id is durable") {
  ForwarderCase bridge;
  bool durable = true;
  bridge.on_publish = [&](const Sent& sent) {
    bridge.journal->inspect([&](JournalCore& core) {
      const LaneState& lane = core.lanes().at(core.lane(Direction::up, "default") - 1U);
      const auto claim = lane.claims.find(sent.tag & 0xFFFF'FFFF'FFFF);
      durable = durable && !core.must_commit() && claim && claim->packet_id == sent.packet_id;
    });
  };
  put(bridge, 1, 600);
  bridge.connect();
  const auto sent = bridge.take();
  REQUIRE(sent.size() == 600);
  CHECK(durable);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(sent[i].payload == std::to_string(i + 1));
    CHECK(sent[i].packet_id == first_claimable_id + i);
    CHECK(sent[i].stage == Stage::fresh);
  }
}

TEST_CASE("handshakes: PUBREC is durable before PUBREL, and PUBCOMP moves the cursor") {
  ForwarderCase bridge;
  put(bridge, 1, 2);
  bridge.connect();
  const auto ids = ids_of(bridge.take());
  REQUIRE(ids.size() == 2);
  receive(bridge, 1, 2);
  CHECK(bridge.link->take_released() == ids);
  CHECK(bridge.journal.state("default").claims.find(1)->received);
  CHECK(bridge.journal.state("default").cursor == 0);
  bridge.accept(tags_of(bridge, 1, 2));
  CHECK(bridge.journal.state("default").cursor == 2);
  CHECK(bridge.journal.state("default").claims.empty());
}

TEST_CASE("handshakes: nothing of its lane overtakes what waits for its claim") {
  ForwarderCase bridge;
  put(bridge, 1, 1);
  put(bridge, 2, 3, Qos::at_least_once);
  put(bridge, 4, 5);
  put(bridge, 6, 6, Qos::at_most_once);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3 4 5 6");
}

TEST_CASE("handshakes: they go on after a restart, each from where it was, before all else") {
  ForwarderCase bridge;
  put(bridge, 1, 4);
  bridge.connect();
  const auto ids = ids_of(bridge.take());
  REQUIRE(ids.size() == 4);
  receive(bridge, 1, 2);
  bridge.accept(tags_of(bridge, 1, 1));
  bridge.restart();
  put(bridge, 5, 5);
  bridge.own.clear();
  bridge.connect_with_session();
  auto sent = bridge.take();
  REQUIRE(sent.size() == 3);
  CHECK(ids_of(sent) == std::vector<std::uint16_t>(ids.begin() + 1, ids.end()));
  CHECK(sent[0].stage == Stage::received);
  CHECK(sent[1].stage == Stage::resent);
  CHECK(sent[1].payload == "3");
  CHECK(bridge.own.empty());
  bridge.accept(tags_of(bridge, 2, 2));
  receive(bridge, 3, 4);
  CHECK(bridge.link->take_released().size() == 2);
  CHECK(bridge.own.empty());
  bridge.accept(tags_of(bridge, 3, 4));
  CHECK_FALSE(bridge.own.empty());
  sent = bridge.take();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].payload == "5");
  CHECK(sent[0].stage == Stage::fresh);
}

TEST_CASE("handshakes: they go on after a line was cut") {
  ForwarderCase bridge;
  put(bridge, 1, 3);
  bridge.connect();
  const auto ids = ids_of(bridge.take());
  receive(bridge, 1, 1);
  bridge.link->run([&] {
    std::vector<Outcome> lost;
    for (const auto tag : tags_of(bridge, 1, 3)) lost.push_back({Outcome::Kind::lost, 0, tag});
    bridge.forwarder->outcomes(lost);
    bridge.forwarder->disconnected();
  });
  bridge.link->take_released();
  bridge.connect_with_session();
  const auto sent = bridge.take();
  CHECK(ids_of(sent) == ids);
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].stage == Stage::received);
  CHECK(sent[2].stage == Stage::resent);
}

TEST_CASE("handshakes: what is half done is finished before older messages that were lost") {
  ForwarderCase bridge;
  put(bridge, 1, 2, Qos::at_least_once);
  put(bridge, 3, 3);
  put(bridge, 4, 4, Qos::at_least_once);
  put(bridge, 5, 6);
  bridge.connect();
  REQUIRE(bridge.payloads() == "1 2 3 4 5 6");
  bridge.disconnect();
  bridge.lose(tags_of(bridge, 1, 6));
  bridge.connect_with_session();
  auto sent = bridge.take();
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].payload == "3");
  CHECK(sent[0].stage == Stage::resent);
  CHECK(sent[2].payload == "6");
  bridge.accept({bridge.tag("default", 3), bridge.tag("default", 5), bridge.tag("default", 6)});
  CHECK(bridge.bookmarked("default") == 0);
  CHECK(bridge.payloads() == "1 2 4");
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2), bridge.tag("default", 4)});
  CHECK(bridge.journal.state("default").cursor == 6);
}

TEST_CASE("handshakes: with the session gone, all is new") {
  ForwarderCase bridge;
  put(bridge, 1, 2);
  bridge.connect();
  bridge.take();
  receive(bridge, 1, 1);
  bridge.restart();
  bridge.journal->enter_session(Direction::down, {"broker", false});
  bridge.connect();
  const auto sent = bridge.take();
  REQUIRE(sent.size() == 2);
  for (const Sent& one : sent) CHECK(one.stage == Stage::fresh);
}

TEST_CASE("handshakes: a claim whose message was given up is ended with the broker") {
  ForwarderCase bridge;
  put(bridge, 1, 2);
  bridge.connect();
  const auto ids = ids_of(bridge.take());
  bridge.restart();
  Progress given_up;
  given_up.lane = bridge.journal->lane(Direction::up, "default");
  given_up.parts.push_back({1, 1, 0, Fate::evicted});
  bridge.journal->progress(given_up);
  bridge.connect_with_session();
  auto sent = bridge.take();
  REQUIRE(sent.size() == 2);
  std::sort(sent.begin(), sent.end(),
            [](const Sent& a, const Sent& b) { return a.packet_id < b.packet_id; });
  CHECK(ids_of(sent) == ids);
  CHECK(sent[0].stage == Stage::received);
  CHECK(sent[1].stage == Stage::resent);
  bridge.accept(tags_of(bridge, 1, 1));
  CHECK(bridge.journal.state("default").claims.all().size() == 1);
  CHECK(bridge.journal.state("default").count(Fate::evicted) == 1);
}

TEST_CASE("handshakes: a refused one is quarantined, and its id is free") {
  ForwarderCase bridge;
  put(bridge, 1, 1);
  bridge.connect();
  bridge.take();
  bridge.refuse(tags_of(bridge, 1, 1), 0x99);
  CHECK(bridge.journal.quarantined().size() == 1);
  CHECK(bridge.journal.state("default").claims.empty());
  CHECK(bridge.journal.state("default").cursor == 1);
}

TEST_CASE("handshakes: a session that nobody here knows is cleared first") {
  ForwarderCase bridge;
  put(bridge, 1, 1);
  bridge.journal->enter_session(Direction::down, {"broker", true});
  bridge.answers_own = false;
  bridge.connect_with_session();
  CHECK(bridge.cleared == claimable_ids);
  CHECK(bridge.payloads().empty());
  bridge.answers_own = true;
  CHECK(bridge.payloads_to_come() == "1");
  bridge.restart();
  bridge.cleared = 0;
  bridge.journal->enter_session(Direction::down, {"broker", true});
  bridge.connect_with_session();
  CHECK(bridge.cleared == 0);
}

TEST_CASE("handshakes: where the broker knows no QoS 2, a session is known from its first use") {
  ForwarderCase bridge;
  Limits limits;
  limits.session_present = true;
  limits.maximum_qos = Qos::at_least_once;
  bridge.journal->enter_session(Direction::down, {"broker", true});
  bridge.connect(limits);
  CHECK(bridge.cleared == 0);
  bridge.journal->enter_session(Direction::down, {"broker", true});
  bridge.journal->inspect([](JournalCore& core) { CHECK_FALSE(core.unfamiliar(Direction::up)); });
}

TEST_CASE("handshakes: MQTT 3.1.1, which knows no Receive Maximum, gets few at once") {
  ForwarderCase bridge;
  put(bridge, 1, 15);
  put(bridge, 16, 16, Qos::at_least_once);
  Limits limits;
  limits.protocol = Protocol::v3_1_1;
  bridge.connect(limits);
  CHECK(bridge.payloads() == "1 2 3 4 5 6 7 8 9 10");
  receive(bridge, 1, 2);
  bridge.accept(tags_of(bridge, 1, 2));
  CHECK(bridge.payloads() == "11 12");
}

TEST_CASE("handshakes: where the broker knows no QoS 2, it goes down") {
  ForwarderCase bridge;
  put(bridge, 1, 1);
  Limits limits;
  limits.maximum_qos = Qos::at_least_once;
  bridge.connect(limits);
  const auto sent = bridge.take();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].qos == Qos::at_least_once);
  CHECK(bridge.journal.state("default").claims.empty());
}
