#include "link/protocol_choice.hpp"

#include <doctest/doctest.h>

using namespace bascule;
using namespace std::chrono_literals;
using Kind = ConnectResult::Kind;

namespace {

constexpr ProtocolChoice::Time start{1h};

}  // namespace

TEST_CASE("protocol choice: a refusal counts at once") {
  ProtocolChoice choice(Protocol::automatic, Spoken::unknown);
  CHECK(choice.next() == Protocol::v5);
  choice.failed(Kind::not_spoken, reason::unsupported_version, start);
  CHECK(choice.next() == Protocol::v3_1_1);
  choice.connected(start);
  CHECK(choice.warning().find("refuses MQTT 5") != std::string::npos);
}

TEST_CASE("protocol choice: closures count when there were several, over some time") {
  ProtocolChoice choice(Protocol::automatic, Spoken::unknown);
  for (int i = 0; i < 10; ++i) choice.failed(Kind::not_spoken, 0, start + 1s);
  CHECK(choice.next() == Protocol::v5);
  choice.failed(Kind::not_spoken, 0, start + 6s);
  CHECK(choice.next() == Protocol::v3_1_1);
  choice.failed(Kind::not_spoken, 0, start + 7s);  // that neither
  CHECK(choice.next() == Protocol::v5);
}

TEST_CASE("protocol choice: where closures counted before, one does") {
  ProtocolChoice choice(Protocol::automatic, Spoken::v3_1_1);
  CHECK(choice.next() == Protocol::v5);
  CHECK(choice.warning().empty());
  choice.failed(Kind::not_spoken, 0, start);
  CHECK(choice.next() == Protocol::v3_1_1);
  choice.connected(start);
  CHECK(choice.warning().find("closes instead of answering") != std::string::npos);
  choice.ended(start + 9min);
  CHECK(choice.next() == Protocol::v3_1_1);
  choice.connected(start + 9min);
  choice.ended(start + 19min);
  CHECK(choice.next() == Protocol::v5);
  choice.connected(start + 19min);  // it has learned it
  choice.ended(start + 20min);
  choice.failed(Kind::not_spoken, 0, start + 20min);
  CHECK(choice.next() == Protocol::v5);
}

TEST_CASE("protocol choice: one who has spoken 5 is given a minute, and asked for it again") {
  ProtocolChoice choice(Protocol::automatic, Spoken::v5);
  for (int i = 0; i < 59; ++i) choice.failed(Kind::not_spoken, 0, start + std::chrono::seconds(i));
  CHECK(choice.next() == Protocol::v5);
  choice.failed(Kind::not_spoken, 0, start + 60s);
  CHECK(choice.next() == Protocol::v3_1_1);
  choice.connected(start + 1min);
  CHECK_FALSE(choice.retry_due(start + 10min));
  CHECK(choice.retry_due(start + 11min));
  CHECK(choice.warning().find("has spoken before") != std::string::npos);
  choice.ended(start + 11min);
  CHECK(choice.next() == Protocol::v5);
  CHECK(choice.warning().empty());
}

TEST_CASE("protocol choice: a broker that could not be reached is asked for 5 first") {
  ProtocolChoice choice(Protocol::automatic, Spoken::unknown);
  choice.failed(Kind::not_spoken, reason::unsupported_version, start);
  choice.failed(Kind::not_reached, 0, start);
  CHECK(choice.next() == Protocol::v5);
}

TEST_CASE("protocol choice: what is configured stays") {
  ProtocolChoice choice(Protocol::v3_1_1, Spoken::v5);
  choice.failed(Kind::not_spoken, reason::unsupported_version, start);
  choice.connected(start);
  choice.ended(start + 24h);
  CHECK(choice.next() == Protocol::v3_1_1);
  CHECK_FALSE(choice.retry_due(start + 24h));
  CHECK(choice.warning().empty());
}
