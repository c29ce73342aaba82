// A broker with a quota refuses one message, and accepts those that were on their way behind it.
// That order is lost once; from then on a lane has one message on its way at a time.
#include <doctest/doctest.h>

#include "support/forwarder_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

constexpr std::uint8_t quota = 0x97, unauthorized = 0x87;

LaneStatus status(ForwarderCase& bridge, const std::string& lane = "default") {
  return bridge.forwarder->lanes().at(lane);
}

// Refuses the second of five, and accepts the others.
void lose_the_order(ForwarderCase& bridge) {
  for (const char* payload : {"1", "2", "3", "4", "5"}) bridge.append_to("t", payload);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3 4 5");
  bridge.accept({bridge.tag("default", 1)});
  bridge.refuse({bridge.tag("default", 2)}, quota);
  bridge.accept({bridge.tag("default", 3), bridge.tag("default", 4), bridge.tag("default", 5)});
}

}  // namespace

TEST_CASE("quota: what was accepted behind a refused message is counted, and told once") {
  ForwarderCase bridge;
  std::vector<RefusalEvent> events;
  bridge.forwarder->set_on_refusal([&](const RefusalEvent& what) { events.push_back(what); });
  lose_the_order(bridge);
  CHECK(status(bridge).reordered == 3);
  CHECK(status(bridge).careful);
  CHECK(bridge.payloads_to_come() == "2");
  bridge.accept({bridge.tag("default", 2)});
  REQUIRE(events.size() == 2);
  CHECK(events[0].kind == RefusalEvent::Kind::delayed);
  CHECK(events[1].kind == RefusalEvent::Kind::reordered);
  CHECK(events[1].topic == "t");
  CHECK(events[1].reason == "quota exceeded (0x97)");
  CHECK(events[1].messages == 3);
  CHECK(bridge.journal.state("default").cursor == 5);
}

TEST_CASE("quota: after the first refusal no message overtakes another, however often it refuses") {
  ForwarderCase bridge;
  lose_the_order(bridge);
  for (const char* payload : {"6", "7", "8", "9"}) bridge.append_to("t", payload);
  CHECK(bridge.payloads_to_come() == "2");
  CHECK(bridge.payloads().empty());
  bridge.accept({bridge.tag("default", 2)});
  for (std::uint64_t sequence = 6; sequence <= 9; ++sequence) {
    const std::string payload = std::to_string(sequence);
    CHECK(bridge.payloads_to_come() == payload);  // alone
    if (sequence % 2 == 0) {
      bridge.refuse({bridge.tag("default", sequence)}, quota);
      CHECK(bridge.payloads_to_come() == payload);
    }
    bridge.accept({bridge.tag("default", sequence)});
  }
  CHECK(status(bridge).reordered == 3);
  CHECK(bridge.journal.state("default").cursor == 9);
}

TEST_CASE("quota: a new connection does not make the lane forget it; other lanes know nothing") {
  ForwarderCase bridge({lane_settings("sales", 9)});
  lose_the_order(bridge);
  bridge.disconnect();
  bridge.append_to("t", "6");
  bridge.append_to("s", "a", Qos::at_least_once, "sales");
  bridge.append_to("s", "b", Qos::at_least_once, "sales");
  bridge.connect_with_session();
  CHECK(bridge.payloads_to_come() == "a b");
  CHECK(bridge.payloads_to_come() == "2");
  bridge.accept({bridge.tag("default", 2)});
  CHECK(bridge.payloads() == "6");
  CHECK(status(bridge).careful);
  CHECK_FALSE(status(bridge, "sales").careful);
}

TEST_CASE("quota: what is held goes one at a time, too, once one of it was refused for now") {
  ForwarderCase bridge;
  for (const char* payload : {"1", "2", "3"}) bridge.append_to("a", payload);
  bridge.connect();
  bridge.take();
  bridge.refuse({bridge.tag("default", 1), bridge.tag("default", 2), bridge.tag("default", 3)},
                unauthorized);
  REQUIRE(bridge.payloads_to_come() == "1");
  bridge.refuse({bridge.tag("default", 1)}, quota);
  CHECK(status(bridge).careful);
  REQUIRE(bridge.payloads_to_come() == "1");
  bridge.append_to("b", "4");
  CHECK(bridge.payloads().empty());
  bridge.accept({bridge.tag("default", 1)});
  std::string order;
  while (order.size() < 6) {
    const auto sent = bridge.take();
    REQUIRE(sent.size() <= 1);
    if (sent.empty()) continue;
    order += sent[0].payload + ' ';
    bridge.accept({sent[0].tag});
  }
  CHECK(order.find("2") < order.find("3"));
  CHECK(bridge.journal.state("default").cursor == 4);
  CHECK(bridge.journal.state("default").held == 0);
}
