// What a person has the forwarder do: send history again, take out what a lane waits for.
#include <doctest/doctest.h>

#include "message/stamp.hpp"
#include "support/forwarder_case.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("forwarder: by command history goes again, ahead of what waits, and in order") {
  ForwarderCase bridge;
  bridge.append("default", 1, 6);
  bridge.connect();
  bridge.accept(bridge.tags());
  bridge.append("default", 7, 7);
  CHECK(bridge.payloads() == "7");
  bridge.journal->change([](JournalCore& core) {
    core.replay(1, SequenceRange{2, 3});
    core.replay(1, SequenceRange{5, 5});
  });
  bridge.link->run([&] { bridge.forwarder->begin_anew(); });
  bridge.append("default", 8, 8);
  CHECK(bridge.payloads().empty());  // what is in flight has no outcome yet
  bridge.accept({bridge.tag("default", 7)});
  const auto sent = bridge.take();
  REQUIRE(sent.size() == 4);
  const char* expected[] = {"2", "3", "5", "8"};
  std::vector<std::uint64_t> tags;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(sent[i].payload == expected[i]);
    CHECK((sent[i].properties.find(replayed_property) != std::string::npos) == (i < 3));
    tags.push_back(sent[i].tag);
  }
  bridge.accept(tags);
  const LaneState lane = bridge.journal.state("default");
  CHECK(lane.replay_next == 0);
  CHECK(lane.cursor == 8);
  CHECK(bridge.bookmark_reaches("default", 8));
}

TEST_CASE("forwarder: a replay by command waits for handshakes of QoS 2 that are under way") {
  ForwarderCase bridge;
  bridge.append_to("t", "1");
  bridge.append_to("t", "2", Qos::exactly_once);
  bridge.connect();
  bridge.settle();
  bridge.accept({bridge.tag("default", 1)});
  bridge.take();
  bridge.journal->change([](JournalCore& core) { core.replay(1, SequenceRange{1, 1}); });
  bridge.link->run([&] { bridge.forwarder->begin_anew(); });
  bridge.give(Outcome::Kind::received, {bridge.tag("default", 2)});
  CHECK(bridge.link->take_released().size() == 1);
  bridge.accept({bridge.tag("default", 2)});
  CHECK(bridge.payloads() == "1");
  bridge.accept({bridge.tag("default", 1)});
  CHECK(bridge.journal.state("default").replay_next == 0);
}

TEST_CASE(
    "refusal: what is refused for now for ever is taken out by command, and the lane goes on") {
  ForwarderCase bridge;
  std::vector<RefusalEvent> events;
  bridge.forwarder->set_on_refusal([&](const RefusalEvent& what) { events.push_back(what); });
  const auto set_aside = [&](LaneId lane) {
    SetAside aside;
    bridge.link->run([&] { aside = bridge.forwarder->set_aside(lane); });
    return aside;
  };
  using What = SetAside::What;
  bridge.append_to("odd", "1");
  bridge.append_to("even", "2");
  bridge.connect();
  CHECK(set_aside(1).what == What::nothing);
  CHECK(bridge.payloads() == "1 2");
  bridge.refuse({bridge.tag("default", 1), bridge.tag("default", 2)}, 0x80);
  CHECK(bridge.payloads_to_come() == "1");
  CHECK(set_aside(1).what == What::under_way);
  bridge.refuse({bridge.tag("default", 1)}, 0x80);
  CHECK(set_aside(99).what == What::nothing);
  const SetAside aside = set_aside(1);
  CHECK(aside.what == What::done);
  CHECK(aside.topic == "odd");
  CHECK(aside.sequence == 1);
  CHECK(bridge.payloads() == "2");  // at once
  bridge.accept({bridge.tag("default", 2)});
  const auto quarantined = bridge.journal.quarantined();
  REQUIRE(quarantined.size() == 1);
  CHECK(quarantined[0].sequence == 1);
  CHECK(quarantined[0].reason == "refused for now: unspecified error (0x80); taken out by command");
  const LaneState lane = bridge.journal.state("default");
  CHECK(lane.cursor == 2);
  CHECK(lane.count(Fate::quarantined) == 1);
  CHECK(bridge.forwarder->lanes().at("default").waits_for.empty());
  CHECK(events.back().kind == RefusalEvent::Kind::quarantined);
}

TEST_CASE("pause: a lane sends nothing new, others do, and what waited goes in its order") {
  LaneSettings settings;
  settings.name = "media";
  ForwarderCase bridge({settings});
  const LaneId media = bridge.journal->lane(Direction::up, "media");
  bridge.connect();
  bridge.append("media", 1, 1);
  CHECK(bridge.payloads() == "1");
  bridge.link->run([&] { bridge.forwarder->pause_lane(media, true); });
  bridge.append("media", 2, 3);
  bridge.append("default", 7, 7);
  CHECK(bridge.payloads() == "7");
  CHECK_FALSE(bridge.forwarder->idle());
  bridge.accept({bridge.tag("media", 1), bridge.tag("default", 1)});
  CHECK(bridge.forwarder->idle());
  bridge.cut();
  bridge.connect_with_session();
  CHECK(bridge.payloads().empty());
  bridge.link->run([&] { bridge.forwarder->pause_lane(media, false); });
  CHECK(bridge.payloads() == "2 3");
}

TEST_CASE("pause: a lane that is paused before the first connection stays so") {
  LaneSettings settings;
  settings.name = "media";
  ForwarderCase bridge({settings});
  const LaneId media = bridge.journal->lane(Direction::up, "media");
  bridge.link->run([&] { bridge.forwarder->pause_lane(media, true); });
  bridge.append("media", 1, 1);
  bridge.connect();
  CHECK(bridge.payloads().empty());
  bridge.link->run([&] { bridge.forwarder->pause_lane(media, false); });
  CHECK(bridge.payloads() == "1");
}

TEST_CASE("pause: a forwarder takes outcomes, and sends nothing new") {
  ForwarderCase bridge;
  bridge.connect();
  bridge.append("default", 1, 2);
  CHECK(bridge.payloads() == "1 2");
  bridge.link->run([&] { bridge.forwarder->pause(true); });
  bridge.append("default", 3, 3);
  bridge.accept({bridge.tag("default", 1)});
  CHECK(bridge.payloads().empty());
  CHECK(bridge.forwarder->in_flight() == 1);
  bridge.accept({bridge.tag("default", 2)});
  CHECK(bridge.forwarder->idle());
  bridge.link->run([&] { bridge.forwarder->pause(false); });
  CHECK(bridge.payloads() == "3");
}

TEST_CASE("pause: what is with the broker at QoS 2 already is finished") {
  ForwarderCase bridge;
  bridge.append_to("t", "1", Qos::exactly_once);
  bridge.connect();
  CHECK(bridge.payloads() == "1");
  bridge.link->run([&] { bridge.forwarder->pause_lane(1, true); });
  bridge.append_to("t", "2", Qos::exactly_once);
  bridge.give(Outcome::Kind::received, {bridge.tag("default", 1)});
  CHECK(bridge.link->take_released().size() == 1);
  bridge.accept({bridge.tag("default", 1)});
  CHECK(bridge.payloads().empty());
  CHECK(bridge.journal.state("default").cursor == 1);
}
