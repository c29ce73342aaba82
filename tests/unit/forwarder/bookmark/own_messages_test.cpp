#include "forwarder/bookmark/own_messages.hpp"

#include <doctest/doctest.h>

#include "support/scripted_link.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

const OwnMessages::MayGo any = [](std::size_t) { return true; };

}  // namespace

TEST_CASE("own messages: they go in order, as many as there is room for") {
  ScriptedLink link;
  OwnMessages own(link);
  own.add("t", "1", false);
  own.add("t", "2", true);
  own.add("t", "3", false);
  own.send(2, {}, any);
  const auto sent = link.take_sent();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].payload == "1");
  CHECK(sent[1].payload == "2");
  CHECK(sent[1].retain);
  CHECK(sent[1].tag == OwnMessages::tag);
  CHECK(own.in_flight() == 2);
  own.settled({Outcome::Kind::accepted}, 0);
  CHECK(own.in_flight() == 1);
  own.send(1, {}, any);
  CHECK(link.take_sent().size() == 1);
}

TEST_CASE("own messages: they take no more QoS and retain than the broker has") {
  ScriptedLink link;
  OwnMessages own(link);
  Limits limits;
  limits.maximum_qos = Qos::at_most_once;
  limits.retain_available = false;
  own.add("t", "1", true);
  own.send(1, limits, any);
  const auto sent = link.take_sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].qos == Qos::at_most_once);
  CHECK_FALSE(sent[0].retain);
}

TEST_CASE("own messages: what a connection did not send is forgotten with it, not what it did") {
  ScriptedLink link;
  OwnMessages own(link);
  own.add("t", "1", false);
  own.add("t", "2", false);
  own.send(1, {}, any);
  own.disconnected(false, 0);
  CHECK(own.in_flight() == 1);
  link.take_sent();
  own.send(9, {}, any);
  CHECK(link.take_sent().empty());
}

TEST_CASE("own messages: one that is refused, and the connection closed, is left out by itself") {
  ScriptedLink link;
  OwnMessages own(link);
  constexpr std::int64_t hour_ms = 3'600'000;
  std::int64_t now_ms = 1'000;
  const auto connect = [&](Outcome::Kind outcome, std::int64_t holds_ms) {
    own.connected(now_ms);
    for (const char* topic : {"state", "summary"}) own.add(topic, "1", true);
    own.send(9, {}, any);
    own.settled({Outcome::Kind::accepted}, now_ms);
    own.settled({outcome}, now_ms);
    now_ms += holds_ms;
    own.disconnected(false, now_ms);
  };
  const auto left_out = [&] { return own.left_out("summary", now_ms); };
  connect(Outcome::Kind::refused, 100);
  CHECK_FALSE(left_out());
  SUBCASE("twice in a row") {
    connect(Outcome::Kind::refused, 100);
    CHECK(left_out());
    CHECK_FALSE(own.left_out("state", now_ms));
    CHECK_FALSE(own.given_up(now_ms));
    now_ms += hour_ms;
    CHECK_FALSE(left_out());
  }
  SUBCASE("it was accepted in between") {
    connect(Outcome::Kind::accepted, 100);
    connect(Outcome::Kind::refused, 100);
    CHECK_FALSE(left_out());
  }
  SUBCASE("the connection held") {
    connect(Outcome::Kind::refused, 10'000);
    connect(Outcome::Kind::refused, 100);
    CHECK_FALSE(left_out());
  }
  SUBCASE("it had no outcome") {
    connect(Outcome::Kind::lost, 100);
    CHECK_FALSE(left_out());
  }
}

TEST_CASE("own messages: what may not go yet waits, and keeps its turn") {
  ScriptedLink link;
  OwnMessages own(link);
  own.add("t", "1", false);
  own.add("t", "22", false);
  std::vector<std::size_t> asked;
  own.send(9, {}, [&](std::size_t bytes) {
    asked.push_back(bytes);
    return asked.size() == 1;
  });
  CHECK(asked == std::vector<std::size_t>{2, 3});
  CHECK(link.take_sent().size() == 1);
  CHECK(own.waits());
  own.send(9, {}, any);
  const auto sent = link.take_sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].payload == "22");
  CHECK_FALSE(own.waits());
}
