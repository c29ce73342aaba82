// What becomes of messages that the far broker refuses: for now, for themselves, for their topic.
#include <doctest/doctest.h>

#include "message/stamp.hpp"
#include "support/forwarder_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::uint8_t quota = 0x97, unauthorized = 0x87, too_large = 0x95;

// A broker that answers each publish at once: with a refusal for the topics in `denied`.
struct Answering {
  ForwarderCase& bridge;
  std::set<std::string> denied;
  std::uint8_t reason = unauthorized;
  std::vector<std::string> taken;  // payloads, in order
  int refused = 0;

  explicit Answering(ForwarderCase& bridge) : bridge(bridge) {}

  // Answers until `messages` were taken in all, for 10 s at the most.
  bool takes(std::size_t messages) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (taken.size() < messages && std::chrono::steady_clock::now() < deadline) answer();
    return taken.size() == messages;
  }
  void answer() {
    std::vector<std::uint64_t> accepted, no;
    for (const Sent& sent : bridge.take()) {
      const bool denies = denied.contains(sent.topic);
      (denies ? no : accepted).push_back(sent.tag);
      if (!denies) taken.push_back(sent.payload);
      refused += denies;
    }
    if (!accepted.empty()) bridge.accept(accepted);
    if (!no.empty()) bridge.refuse(no, reason);
  }
  void answer_all() {
    for (int i = 0; i < 5; ++i) answer();
  }
};

std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> texts;
  for (; from <= to; ++from) texts.push_back(std::to_string(from));
  return texts;
}

void check_balanced(ForwarderCase& bridge) {
  bridge.journal->inspect([](JournalCore& core) { core.commit(); });  // throws if they do not
}

}  // namespace

TEST_CASE("refusal: for now, the lane waits and sends again from there, in order") {
  ForwarderCase bridge;
  bridge.append("default", 1, 6);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3 4 5 6");
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2)});
  bridge.refuse({bridge.tag("default", 4), bridge.tag("default", 3)}, quota);
  bridge.append("default", 7, 7);
  CHECK(bridge.payloads().empty());  // 5 and 6 have no outcome yet, and it is too early
  bridge.refuse({bridge.tag("default", 5), bridge.tag("default", 6)}, quota);
  CHECK(bridge.forwarder->lanes().at("default").waits_for == "quota exceeded (0x97)");
  CHECK(bridge.forwarder->lanes().at("default").put_back == 4);
  std::string order = bridge.payloads_to_come();
  CHECK(order == "3");  // alone
  Answering broker(bridge);
  bridge.accept({bridge.tag("default", 3)});
  CHECK(broker.takes(4));
  CHECK(broker.taken == numbers(4, 7));
  const LaneState lane = bridge.journal.state("default");
  CHECK(lane.cursor == 7);
  CHECK(lane.count(Fate::forwarded) == 7);
  CHECK(bridge.forwarder->lanes().at("default").waits_for.empty());
  CHECK(bridge.journal.quarantined().empty());
}

TEST_CASE("refusal: for now, other lanes do not wait") {
  ForwarderCase bridge({lane_settings("sales", 9)});
  bridge.append("sales", 1, 1);
  bridge.connect();
  CHECK(bridge.payloads() == "1");
  bridge.refuse({bridge.tag("sales", 1)}, quota);
  bridge.append("default", 2, 3);
  CHECK(bridge.payloads() == "2 3");
}

TEST_CASE("refusal: for now, at QoS 2, the message goes again under another claim") {
  ForwarderCase bridge;
  bridge.append_to("t", "1", Qos::exactly_once);
  bridge.connect();
  REQUIRE(bridge.take().size() == 1);
  bridge.refuse({bridge.tag("default", 1)}, quota);
  CHECK(bridge.journal.state("default").claims.empty());
  CHECK(bridge.payloads_to_come() == "1");
  bridge.give(Outcome::Kind::received, {bridge.tag("default", 1)});
  bridge.accept({bridge.tag("default", 1)});
  CHECK(bridge.journal.state("default").cursor == 1);
  CHECK(bridge.journal.state("default").claims.empty());
}

TEST_CASE("refusal: for now, a restart goes on with what was refused") {
  ForwarderCase bridge;
  bridge.append("default", 1, 3);
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("default", 1), bridge.tag("default", 2)}, quota);
  bridge.accept({bridge.tag("default", 3)});
  bridge.restart();
  bridge.connect();
  CHECK(bridge.payloads() == "1 2");
}

TEST_CASE("refusal: for the message, it is quarantined whole, and the lane goes on") {
  ForwarderCase bridge;
  const std::string large(200'000, 'x');
  bridge.append_to("t", large);
  bridge.append("default", 2, 2);
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("default", 1)}, too_large);
  bridge.accept({bridge.tag("default", 2)});
  const auto quarantined = bridge.journal.quarantined();
  REQUIRE(quarantined.size() == 1);
  CHECK(quarantined[0].reason == "packet too large (0x95)");
  CHECK(quarantined[0].payload == large);
  CHECK(quarantined[0].whole());
  CHECK(bridge.journal.state("default").cursor == 2);
}

TEST_CASE("refusal: for its topic, it is held, no other topic waits, and it crosses by itself") {
  ForwarderCase bridge;
  Answering broker(bridge);
  broker.denied = {"a"};
  for (int i = 1; i <= 300; ++i) bridge.append_to(i % 3 == 0 ? "a" : "b", std::to_string(i));
  bridge.connect();
  REQUIRE(broker.takes(200));
  broker.answer_all();
  LaneState lane = bridge.journal.state("default");
  CHECK(lane.held == 100);
  CHECK(lane.cursor == 300);  // what is held is out of the lane's way
  CHECK(lane.backlog() == 100);
  CHECK(lane.done.ranges().size() <= 1);
  CHECK(bridge.journal.quarantined().empty());
  check_balanced(bridge);
  broker.denied.clear();
  broker.taken.clear();
  bridge.append_to("a", "last");  // behind those that wait
  REQUIRE(broker.takes(101));
  std::vector<std::string> expected;
  for (int i = 3; i <= 300; i += 3) expected.push_back(std::to_string(i));
  expected.push_back("last");
  CHECK(broker.taken == expected);
  broker.answer_all();
  lane = bridge.journal.state("default");
  CHECK(lane.held == 0);
  CHECK(lane.backlog() == 0);
  CHECK(lane.count(Fate::forwarded) == 301);
  check_balanced(bridge);
  bridge.append_to("a", "free");
  CHECK(bridge.payloads() == "free");
}

TEST_CASE("refusal: what is held survives a restart, and its topic stays held") {
  ForwarderCase bridge;
  Answering broker(bridge);
  broker.denied = {"a"};
  for (int i = 1; i <= 10; ++i) bridge.append_to("a", std::to_string(i));
  bridge.connect();
  broker.answer_all();
  CHECK(bridge.journal.state("default").held == 10);
  bridge.restart();
  CHECK(bridge.journal.state("default").held == 10);
  bridge.append_to("a", "11");
  bridge.append_to("b", "b");
  bridge.connect();
  broker.answer_all();
  CHECK(broker.taken == std::vector<std::string>{"b"});
  CHECK(bridge.journal.state("default").held == 11);
  broker.denied.clear();
  broker.taken.clear();
  REQUIRE(broker.takes(11));
  CHECK(broker.taken == numbers(1, 11));
  check_balanced(bridge);
}

TEST_CASE("refusal: held at QoS 2, a message crosses once, over a restart in its handshake") {
  for (const bool received : {false, true}) {
    ForwarderCase bridge;
    bridge.append_to("a", "1", Qos::exactly_once);
    bridge.append_to("a", "2", Qos::exactly_once);
    bridge.connect();
    bridge.take();
    bridge.refuse({bridge.tag("default", 1), bridge.tag("default", 2)}, unauthorized);
    CHECK(bridge.journal.state("default").held == 2);
    REQUIRE(bridge.payloads_to_come() == "1");
    if (received) bridge.give(Outcome::Kind::received, {bridge.tag("default", 1)});
    const auto claim = bridge.journal.state("default").claims.find(1);
    REQUIRE(claim);
    bridge.restart();
    bridge.connect_with_session();
    const auto sent = bridge.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].tag == bridge.tag("default", 1));
    CHECK(sent[0].packet_id == claim->packet_id);
    CHECK(sent[0].stage == (received ? Outgoing::Stage::received : Outgoing::Stage::resent));
    if (!received) bridge.give(Outcome::Kind::received, {bridge.tag("default", 1)});
    bridge.accept({bridge.tag("default", 1)});
    CHECK(bridge.journal.state("default").held == 1);
    CHECK(bridge.payloads_to_come() == "2");
  }
}

TEST_CASE("refusal: a bookmark passes nothing that the journal does not hold durably") {
  ForwarderCase bridge;
  bridge.append_to("a", "1");
  bridge.append_to("b", "2");
  bridge.connect();
  bridge.take();
  bridge.accept({bridge.tag("default", 2)});
  bridge.refuse({bridge.tag("default", 1)}, unauthorized);
  CHECK(bridge.bookmark_reaches("default", 2));
  bool held = false;
  bridge.journal->inspect([&](JournalCore& core) {
    held =
        core.lanes().at(core.lane(Direction::up, "default") - 1U).held == 1 && !core.must_commit();
  });
  CHECK(held);
}

TEST_CASE("refusal: a message of a held topic that can never cross is quarantined from there") {
  ForwarderCase bridge;
  bridge.append_to("a", "1");
  bridge.append_to("a", "2");
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("default", 1), bridge.tag("default", 2)}, unauthorized);
  REQUIRE(bridge.payloads_to_come() == "1");
  bridge.refuse({bridge.tag("default", 1)}, too_large);
  CHECK(bridge.journal.quarantined().size() == 1);
  CHECK(bridge.journal.state("default").held == 1);
  CHECK(bridge.journal.state("default").count(Fate::quarantined) == 1);
  CHECK(bridge.payloads_to_come() == "2");
  check_balanced(bridge);
}

TEST_CASE("refusal: held messages expire by the lane's ttl, into the ledger") {
  LaneSettings media = lane_settings("media");
  media.ttl_ms = 1'500;
  ForwarderCase bridge({media});
  bridge.append_to("a", "1", Qos::at_least_once, "media");
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("media", 1)}, unauthorized);
  CHECK(bridge.journal.state("media").held == 1);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (bridge.journal.state("media").held == 1 && std::chrono::steady_clock::now() < deadline) {
    bridge.settle();
  }
  CHECK(bridge.journal.state("media").held == 0);
  CHECK(bridge.journal.state("media").count(Fate::expired) == 1);
  REQUIRE(bridge.journal.losses().size() == 1);
  check_balanced(bridge);
}

TEST_CASE("refusal: a setting quarantines what was held too long") {
  LaneSettings media = lane_settings("media");
  media.quarantine_held_after_ms = 0;
  ForwarderCase bridge({media});
  bridge.append_to("a", "1", Qos::at_least_once, "media");
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("media", 1)}, unauthorized);
  bridge.journal->inspect([](JournalCore& core) { core.maintain(); });
  const auto quarantined = bridge.journal.quarantined();
  REQUIRE(quarantined.size() == 1);
  CHECK(quarantined[0].reason == "not authorized (0x87); held too long");
  CHECK(quarantined[0].whole());
  CHECK(bridge.journal.state("media").held == 0);
  check_balanced(bridge);
}

TEST_CASE("refusal: in a lane that keeps the latest, a held message gives way to a newer one") {
  LaneSettings state = lane_settings("state");
  state.keep = Keep::latest;
  ForwarderCase bridge({state});
  bridge.append_to("a", "1", Qos::at_least_once, "state");
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("state", 1)}, unauthorized);
  bridge.append_to("a", "2", Qos::at_least_once, "state");
  bridge.settle();
  CHECK(bridge.journal.state("state").held == 1);
  CHECK(bridge.journal.state("state").count(Fate::evicted) == 1);
  CHECK(bridge.payloads_to_come() == "2");
  check_balanced(bridge);
}

TEST_CASE("refusal: what leaves the quarantine for lack of room is in the ledger") {
  JournalSettings settings;
  settings.max_size_bytes = 4 << 20;  // the quarantine has a quarter
  ForwarderCase bridge({}, 1'000, settings);
  bridge.connect();
  for (int i = 1; i <= 30; ++i) {
    bridge.append_to("t", std::string(50'000, 'x'));
    bridge.take();
    bridge.refuse({bridge.tag("default", static_cast<std::uint64_t>(i))}, too_large);
  }
  const std::size_t left = bridge.journal.quarantined().size();
  CHECK(left < 22);
  CHECK(left > 10);
  std::uint64_t lost = 0;
  for (const Loss& loss : bridge.journal.losses()) {
    CHECK(loss.reason == "quarantine_full");
    lost += loss.count;
  }
  CHECK(lost + left == 30);
}

TEST_CASE("refusal: what is requeued goes to the end of its lane, whole and marked") {
  ForwarderCase bridge;
  bridge.journal.append("default",
                        {"t", "1", user_property_block("k", "v"), Qos::exactly_once, true});
  bridge.append("default", 2, 2);
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("default", 1)}, too_large);
  bridge.accept({bridge.tag("default", 2)});
  const auto number = bridge.journal.quarantined().at(0).number;
  bridge.journal->change([&](JournalCore& core) { core.requeue(number); });
  const auto sent = bridge.take();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].payload == "1");
  CHECK(sent[0].tag == bridge.tag("default", 3));
  CHECK(sent[0].qos == Qos::exactly_once);
  CHECK(sent[0].retain);
  CHECK(user_property(sent[0].properties, "k") == "v");
  const auto marked = user_property(sent[0].properties, requeued_property);
  REQUIRE(marked);
  CHECK(marked->ends_with("/1"));
  CHECK(bridge.journal.quarantined().empty());
  check_balanced(bridge);
  CHECK_THROWS_AS(bridge.journal->change([&](JournalCore& core) { core.requeue(number); }),
                  std::invalid_argument);
}

TEST_CASE("refusal: what is dropped from the quarantine is in the ledger") {
  ForwarderCase bridge;
  bridge.append("default", 1, 1);
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("default", 1)}, too_large);
  const auto number = bridge.journal.quarantined().at(0).number;
  bridge.journal->change([&](JournalCore& core) { core.drop_quarantined(number); });
  CHECK(bridge.journal.quarantined().empty());
  const auto losses = bridge.journal.losses();
  REQUIRE(losses.size() == 1);
  CHECK(losses[0].reason == "dropped");
  CHECK(losses[0].first == 1);
}

TEST_CASE("refusal: what the broker is known not to carry is held, and not sent") {
  ForwarderCase bridge;
  bridge.set_broker(BrokerKind::nats);
  bridge.append_to("a.b", "1");
  bridge.append_to("a/b", "2");
  bridge.append_to("a.b", "3", Qos::exactly_once);
  bridge.connect();
  CHECK(bridge.payloads() == "2");
  bridge.accept({bridge.tag("default", 2)});
  CHECK(bridge.journal.state("default").held == 2);
  bridge.set_broker(BrokerKind::automatic);
  bridge.connect();
  CHECK(bridge.payloads_to_come() == "1");
}

TEST_CASE("settle: after a session is forgotten, sending waits for who receives") {
  for (const bool by_topic : {false, true}) {
    ForwarderCase bridge;
    bridge.set_settle(by_topic ? std::chrono::milliseconds(600'000)
                               : std::chrono::milliseconds(300));
    bridge.journal->enter_session(Direction::down, {"broker", false});
    bridge.append("default", 1, 1);
    bridge.connect();
    CHECK(bridge.payloads() == "1");  // it is our first session: nobody lost one
    bridge.accept({bridge.tag("default", 1)});
    bridge.disconnect();
    bridge.append("default", 2, 2);
    bridge.journal->enter_session(Direction::down, {"broker", false});
    bridge.connect();
    CHECK(bridge.payloads().empty());
    if (by_topic) bridge.link->run([&] { bridge.forwarder->receivers_ready(); });
    CHECK(bridge.payloads_to_come() == "1 2");  // the first may be lost with that session
  }
}
