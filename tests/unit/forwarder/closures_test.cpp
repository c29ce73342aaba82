// What is concluded from a broker that closes the connection, of the bridge's own messages.
#include "forwarder/closures.hpp"

#include <doctest/doctest.h>

#include "support/forwarder_case.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("own messages: a broker that closes over them costs the bookmark, not the link") {
  ForwarderCase bridge;
  bridge.answers_own = false;
  bridge.append("default", 1, 2);
  for (int connection = 0; connection < 3; ++connection) {
    bridge.connect();
    CHECK(bridge.payloads().empty());
    CHECK_FALSE(bridge.own.empty());
    bridge.lose_own();
  }
  bridge.connect();
  CHECK(bridge.payloads() == "1 2");
  CHECK(bridge.own.empty());
}

TEST_CASE("own messages: where the connection does not hold without them, they are not given up") {
  ForwarderCase bridge;
  bridge.answers_own = false;
  for (int connection = 0; connection < 3; ++connection) {
    bridge.connect();
    bridge.lose_own();
  }
  bridge.connect();
  CHECK(bridge.own.empty());
  bridge.disconnect();
  bridge.connect();
  CHECK_FALSE(bridge.own.empty());
}

TEST_CASE(
    "own messages: that one of a lane is refused, and the connection closed, acquits nobody") {
  ForwarderCase bridge;
  bridge.answers_own = false;
  for (int connection = 0; connection < 3; ++connection) {
    bridge.connect();
    bridge.lose_own();
  }
  bridge.append("default", 1, 1);
  bridge.connect();
  bridge.refuse(bridge.tags(), 0x87);  // as mosquitto does, and closes then
  bridge.disconnect();
  bridge.connect();
  CHECK(bridge.own.empty());
}

TEST_CASE("own messages: given up, they take the bridge's events with them, and no other topic") {
  ForwarderCase bridge;
  bridge.answers_own = false;
  for (int connection = 0; connection < 3; ++connection) {
    bridge.connect();
    bridge.lose_own();
  }
  bridge.journal.append(std::string(events_lane),
                        {"bascule/store-42/events", "{}", {}, Qos::at_least_once, false});
  bridge.append("default", 1, 1);
  bridge.connect();
  CHECK(bridge.payloads() == "1");
  CHECK(bridge.journal.state(std::string(events_lane)).held == 1);
}
