#include "forwarder/bookmark/own_messages.hpp"

#include <doctest/doctest.h>

#include "support/scripted_link.hpp"

using namespace bascule;
using namespace bascule::test;

TEST_CASE("own messages: they go in order, as many as there is room for") {
  ScriptedLink link;
  OwnMessages own(link);
  own.add("t", "1", false);
  own.add("t", "2", true);
  own.add("t", "3", false);
  own.send(2, {});
  const auto sent = link.take_sent();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].payload == "1");
  CHECK(sent[1].payload == "2");
  CHECK(sent[1].retain);
  CHECK(sent[1].tag == OwnMessages::tag);
  CHECK(own.in_flight() == 2);
  own.settled(true);
  CHECK(own.in_flight() == 1);
  own.send(1, {});
  CHECK(link.take_sent().size() == 1);
}

TEST_CASE("own messages: they take no more QoS and retain than the broker has") {
  ScriptedLink link;
  OwnMessages own(link);
  Limits limits;
  limits.maximum_qos = Qos::at_most_once;
  limits.retain_available = false;
  own.add("t", "1", true);
  own.send(1, limits);
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
  own.send(1, {});
  own.disconnected(false, 0);
  CHECK(own.in_flight() == 1);
  link.take_sent();
  own.send(9, {});
  CHECK(link.take_sent().empty());
}
