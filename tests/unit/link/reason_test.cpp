#include "link/reason.hpp"

#include <doctest/doctest.h>

#include "link/takeover.hpp"

using namespace bascule;
using namespace std::chrono_literals;
using Kind = ConnectResult::Kind;

TEST_CASE("reason: a code is told by its name and number") {
  CHECK(describe_reason(0x87) == "not authorized (0x87)");
  CHECK(describe_reason(0xfe) == "reason (0xfe)");
  CHECK(about_a_packet(0x95));
  CHECK_FALSE(about_a_packet(0x8b));  // the server is shutting down
  CHECK_FALSE(about_a_packet(0xfe));
}

TEST_CASE("reason: the return codes of MQTT 3.1.1 mean what those of MQTT 5 do") {
  CHECK(describe_refusal(5, Protocol::v3_1_1).error == "the broker refused: not authorized");
  CHECK(describe_refusal(5, Protocol::v3_1_1).code == 0x87);
  CHECK(describe_refusal(0x87, Protocol::v5).error == "the broker refused: not authorized (0x87)");
  CHECK(describe_refusal(4, Protocol::v3_1_1).code == 0x86);
  for (const int code : {1, 0x84}) {  // a broker that does not know MQTT 5 says it in its own way
    CHECK(describe_refusal(code, Protocol::v5).kind == Kind::not_spoken);
  }
}

TEST_CASE("takeover: is known by the broker's reason code, and not by a text") {
  Takeovers takeovers("me");
  CHECK(takeovers.ended(0x8e, "ended", 1h, true));
  CHECK_FALSE(takeovers.ended(0x98, "session taken over", 1h, true));
}

TEST_CASE(
    "takeover: is suspected when quiet connections are closed without a word, and only then") {
  Takeovers takeovers("me");
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(takeovers.ended(0, "closed", 1s, false));    // perhaps over what was sent
    CHECK_FALSE(takeovers.ended(0x8b, "closed", 1s, true));  // it has said why
  }
  CHECK_FALSE(takeovers.ended(0, "closed", 1s, true));
  CHECK_FALSE(takeovers.ended(0, "closed", 1s, true));
  CHECK(takeovers.ended(0, "closed", 1s, true));
  CHECK_FALSE(takeovers.ended(0, "closed", 1h, true));
  CHECK_FALSE(takeovers.ended(0, "closed", 1s, true));
}
