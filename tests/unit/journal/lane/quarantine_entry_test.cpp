#include "journal/lane/quarantine_entry.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("quarantine: an entry has its place and reason, and all of the message") {
  const std::string payload(70'000, 'x');
  const Message message{"t\xFF", payload, "p", Qos::at_least_once, false};
  const auto entry = quarantine_entry(Direction::down, {3, 9}, message, "why");
  CHECK(entry.direction == Direction::down);
  CHECK(entry.lane == 3);
  CHECK(entry.sequence == 9);
  CHECK(entry.reason == "why");
  CHECK(entry.topic == "t\xFF");
  CHECK(entry.properties == "p");
  CHECK(entry.payload == payload);
  CHECK(entry.size == 70'000);
  CHECK(entry.whole());
  CHECK(entry.qos == Qos::at_least_once);
}

TEST_CASE("quarantine: of what never got a lane, and so never can be sent, the head is kept") {
  const std::string payload(70'000, 'x');
  const auto entry =
      quarantine_entry(Direction::up, {}, {"t", payload, "", Qos::at_most_once, false}, "why");
  CHECK(entry.payload == std::string(64 << 10, 'x'));
  CHECK(entry.size == 70'000);
  CHECK_FALSE(entry.whole());
}
