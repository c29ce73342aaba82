// What a forwarder keeps to at a broker where the bridge is a guest.
#include <doctest/doctest.h>

#include "clock.hpp"
#include "forwarder/forwarder.hpp"
#include "support/forwarder_case.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

bool said(const ForwarderCase& bridge, const std::string& part) {
  return bridge.forwarder->warning().find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("forwarder as a guest: with the bookmark off it says nothing there, and asks nobody") {
  ForwarderCase bridge;
  ForwarderSettings guest;
  guest.own_topics.bookmark.on = false;
  bridge.set_guest(guest);
  std::optional<FarKnowledge> far;
  bridge.forwarder->on_settled = [&](const FarKnowledge& what) { far = what; };
  bridge.append("default", 1, 3);
  bridge.connect();
  CHECK(bridge.payloads() == "1 2 3");
  REQUIRE(far);
  CHECK_FALSE(far->readable);
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2), bridge.tag("default", 3)});
  bridge.settle();
  CHECK(bridge.own.empty());
  CHECK_FALSE(said(bridge, "own_topics.bookmark is off"));  // it was chosen
  CHECK(bridge.journal.state("default").cursor == 3);
}

TEST_CASE("forwarder as a guest: where nothing is retained there is no bookmark either") {
  ForwarderCase bridge;
  ForwarderSettings guest;
  guest.retain = false;
  bridge.set_guest(guest);
  bridge.append("default", 1, 1);
  bridge.connect();
  CHECK(bridge.payloads() == "1");
  CHECK(bridge.own.empty());
  CHECK_FALSE(said(bridge, "'retain: off'"));  // likewise
}

TEST_CASE("forwarder as a guest: the bookmark is where the settings say") {
  ForwarderCase bridge;
  ForwarderSettings guest;
  guest.own_topics.prefix = "devices/42";
  bridge.set_guest(guest);
  REQUIRE(bridge.crosses_first(2));
  for (const Sent& sent : bridge.own) CHECK(sent.topic == "devices/42/bookmark/up");
}

TEST_CASE("forwarder as a guest: a bookmark that is far off is written before an orderly end") {
  ForwarderCase bridge;
  ForwarderSettings guest;
  guest.own_topics.bookmark_every = std::chrono::hours(1);
  bridge.set_guest(guest);
  bridge.append("default", 1, 2);
  bridge.connect();
  REQUIRE(bridge.bookmark_comes());  // the first of the connection
  bridge.accept({bridge.tag("default", 1), bridge.tag("default", 2)});
  bridge.settle();
  CHECK(bridge.bookmarks == 1);
  CHECK(bridge.bookmarked("default") == 0);
  bridge.link->run([&] { bridge.forwarder->end_sending(); });
  CHECK(bridge.bookmark_reaches("default", 2));
  CHECK(bridge.bookmarks == 2);
}

TEST_CASE("forwarder as a guest: a message without a topic of its own is none") {
  ForwarderCase bridge;
  bridge.connect();
  bridge.settle();
  bridge.own.clear();
  bridge.link->run([&] { bridge.forwarder->publish("", "online", true); });
  CHECK(bridge.own.empty());
}

TEST_CASE("forwarder as a guest: what does not fit is quarantined with its reason, never sent") {
  for (const Qos qos : {Qos::at_least_once, Qos::exactly_once}) {
    ForwarderCase bridge;
    ForwarderSettings guest;
    guest.publish = {.payload_bytes = 10, .topic = {3, 20}};
    bridge.set_guest(guest);
    bridge.append_to("a/b/c", "fits", qos);
    bridge.append_to("a/b/c/d", "deep", qos);
    bridge.append_to("a/b", "more than ten", qos);
    bridge.append_to("a/" + std::string(19, 'l'), "long", qos);
    bridge.append_to("a/b/c", "fits too", qos);
    bridge.connect();
    CHECK(bridge.payloads() == "fits fits too");
    const auto aside = bridge.journal.quarantined();
    REQUIRE(aside.size() == 3);
    CHECK(aside[0].reason.find("4 levels") != std::string::npos);
    CHECK(aside[1].reason.find("13 bytes") != std::string::npos);
    CHECK(aside[2].reason.find("21 bytes") != std::string::npos);
  }
}

TEST_CASE("forwarder as a guest: the rate holds lanes and own messages back, and it is told") {
  ForwarderCase bridge({lane_settings("first"), lane_settings("default")});
  ForwarderSettings guest;
  guest.rate.messages_per_s = 0.001;  // the first, and nothing for a long time
  bridge.set_guest(guest);
  bridge.append("default", 1, 3);
  CHECK_FALSE(bridge.forwarder->rate_waits());
  bridge.connect();  // the fence of the bookmark takes it
  CHECK(bridge.own.size() == 1);
  CHECK(bridge.payloads().empty());
  bridge.link->run([&] { bridge.forwarder->publish("s", "online", true); });
  bridge.settle();
  CHECK(bridge.own.size() == 1);
  CHECK(bridge.forwarder->has_unsaid());
  CHECK(bridge.forwarder->rate_waits());
  bridge.disconnect();
  CHECK_FALSE(bridge.forwarder->rate_waits());
}

TEST_CASE("forwarder as a guest: at a rate all of it crosses, in order, at QoS 1 and 2") {
  for (const Qos qos : {Qos::at_least_once, Qos::exactly_once}) {
    ForwarderCase bridge;
    ForwarderSettings guest;
    guest.rate = {500, 0};
    bridge.set_guest(guest);
    std::vector<std::int64_t> at_ms;
    bridge.link->on_publish = [&, before = bridge.link->on_publish](const Sent& sent) {
      at_ms.push_back(boottime_ms());
      before(sent);
    };
    for (int i = 1; i <= 60; ++i) bridge.append_to("t", std::to_string(i), qos);
    bridge.connect();
    std::string all;
    for (int rounds = 0; rounds < 10'000 && !all.ends_with(" 60"); ++rounds) {
      const std::string some = bridge.payloads();
      all += (all.empty() || some.empty() ? "" : " ") + some;
    }
    std::string expected = "1";
    for (int i = 2; i <= 60; ++i) expected += " " + std::to_string(i);
    CHECK(all == expected);
    // 25 at the most go at once: 50 ms of the rate.
    CHECK(at_ms.back() > at_ms.front());
  }
}
