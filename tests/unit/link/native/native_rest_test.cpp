// The native link while those who take its deliveries are exchanged: against a real mosquitto.
#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "support/link_probe.hpp"

namespace bascule::test {
namespace {

const Subscription all{"in/#", true};
const Subscription more{"more/#", true};

LinkSettings settings(const Broker& broker, Protocol protocol) {
  auto settings = link_settings(Client::native, broker.url(), "rests");
  settings.protocol = protocol;
  return settings;
}

bool rests(LinkProbe& probe) {
  std::promise<bool> rests;
  probe.link().loop().post([&] { rests.set_value(probe.link().rest()); });
  return rests.get_future().get();
}

void say(const Broker& broker, const std::string& topic, const std::string& text) {
  REQUIRE(run({"mosquitto_pub", "-p", std::to_string(broker.port()), "-t", topic, "-m", text, "-q",
               "1"}) == 0);
}

}  // namespace

TEST_CASE("native link: at rest it stays connected, and whoever takes it up gets what comes") {
  Broker broker;
  for (const auto protocol : {Protocol::v5, Protocol::v3_1_1}) {
    LinkProbe before(settings(broker, protocol), {all, {"gone/#", true}});
    REQUIRE(before.wait_up());
    say(broker, "in/x", "one");
    REQUIRE(before.wait_received(1));
    REQUIRE(rests(before));
    say(broker, "in/x", "two");
    LinkProbe after(before, {all, more}, {"gone/#"});
    REQUIRE(after.wait_up());
    CHECK(after.ups()[0].continued);
    CHECK(after.ups()[0].session_present);
    say(broker, "more/x", "three");
    REQUIRE(after.wait_received(2));
    CHECK(after.received()[0].payload == "two");
    CHECK_FALSE(after.received()[0].duplicate);
    CHECK(after.received()[1].payload == "three");
    CHECK(before.received().size() == 1);
    CHECK(before.downs().empty());
    CHECK(after.subscriptions().size() == 2);
    CHECK(wait_for([&] { return after.unsubscribed() == std::vector<std::string>{"gone/#"}; }));
    after.publish(7, "other", "x");
    REQUIRE(after.wait_outcomes(1));
    CHECK(after.outcomes()[0].tag == 7);
    CHECK(after.link().status().reconnects == 0);
    CHECK(after.link().status().state == LinkStatus::State::up);
  }
}

TEST_CASE("native link: it does not rest while something is on its way") {
  Broker broker;
  LinkProbe probe(settings(broker, Protocol::v5), {all});
  REQUIRE(probe.wait_up());
  std::promise<bool> rests;
  probe.link().loop().post([&] {
    const Outgoing out{{"other", "x", "", Qos::at_least_once, false}, 1};
    probe.link().publish({&out, 1});
    rests.set_value(probe.link().rest());
  });
  CHECK_FALSE(rests.get_future().get());
  REQUIRE(probe.wait_outcomes(1));
}

TEST_CASE("native link: what was not acknowledged comes again to who takes it up") {
  Broker broker;
  LinkProbe before(settings(broker, Protocol::v5), {all}, false);
  REQUIRE(before.wait_up());
  say(broker, "in/x", "one");
  REQUIRE(before.wait_received(1));
  REQUIRE(rests(before));
  LinkProbe after(before, {all});
  REQUIRE(after.wait_up());
  CHECK_FALSE(after.ups()[0].continued);
  REQUIRE(after.wait_received(1));
  CHECK(after.received()[0].payload == "one");
  CHECK(after.received()[0].duplicate);
  CHECK(after.downs().empty());
}

TEST_CASE("native link: a connection that ends while it rests is made anew once it is taken up") {
  Broker broker;
  LinkProbe before(settings(broker, Protocol::v5), {all});
  REQUIRE(before.wait_up());
  REQUIRE(rests(before));
  before.link().drop("a test");
  REQUIRE(wait_for([&] { return before.link().status().state == LinkStatus::State::down; }));
  CHECK(before.downs().empty());
  LinkProbe after(before, {all});
  REQUIRE(after.wait_up());
  CHECK_FALSE(after.ups()[0].continued);
  say(broker, "in/x", "one");
  REQUIRE(after.wait_received(1));
}

}  // namespace bascule::test
