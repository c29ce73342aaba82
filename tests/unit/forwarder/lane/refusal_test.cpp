#include "forwarder/lane/refusal.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("refusal: what passes is for now") {
  for (const int code : {0x80, 0x83, 0x88, 0x89, 0x8b, 0x91, 0x93, 0x96, 0x97, 0x9f, 0xf0}) {
    CHECK(refusal_of(static_cast<std::uint8_t>(code)) == Refusal::for_now);
  }
}

TEST_CASE("refusal: what no state of the broker changes is for the message") {
  for (const int code : {0x81, 0x82, 0x94, 0x95, 0x99, 0x9a, 0x9b}) {
    CHECK(refusal_of(static_cast<std::uint8_t>(code)) == Refusal::for_message);
  }
}

TEST_CASE("refusal: what this user may not publish to is for the topic") {
  for (const int code : {0x87, 0x8a, 0x8f, 0x90}) {
    CHECK(refusal_of(static_cast<std::uint8_t>(code)) == Refusal::for_topic);
  }
}
