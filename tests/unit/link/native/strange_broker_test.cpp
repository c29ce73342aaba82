// A broker that does not do, or not take, what it was asked for: the native link loses that alone,
// says so, and tries again.
#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <utility>

#include "support/dialect.hpp"

namespace bascule::test {

using namespace std::chrono_literals;

TEST_CASE("strange broker: one subscription without an answer costs nothing but itself") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(v5.welcome);
    peer.read_packet();
    peer.read_packet();
    peer.send(bytes({0x90, 4, 0, 2, 0, 1}));
    peer.send(publish(v5, 1, "meanwhile", "more/a"));
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker), {all_in, {"more/#", true}});
  REQUIRE(in.wait_received(1));
  REQUIRE(in.wait_up());
  CHECK(in.wait_error("the broker does not answer a subscribe: in/#"));
  CHECK(broker.connections() == 1);
}

TEST_CASE("strange broker: a filter that was refused is asked for again on the same connection") {
  std::string again;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(v5.welcome);
    peer.read_packet();
    peer.send(bytes({0x90, 4, 0, 1, 0, 0x97}));
    again = peer.read_packet();
    peer.send(bytes({0x90, 4, again[2], again[3], 0, 1}));
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker), {all_in});
  REQUIRE(in.wait_error("the broker refused the subscription to in/#: quota exceeded (0x97)"));
  CHECK(in.wait_up());
  using State = SubscriptionStatus::State;
  REQUIRE(wait_for([&] { return in.subscriptions().size() == 2; }, 20s));
  CHECK(in.subscriptions()[0].state == State::refused);
  CHECK(in.subscriptions()[1].state == State::granted);
  in.stop();
  broker.finish();
  CHECK(again.substr(0, 1) == bytes({0x82}));
  CHECK(again.substr(2, 2) >= bytes({0xdc, 0}));  // no packet id of a publish
}

TEST_CASE(
    "strange broker: what the session should not hold is unsubscribed, after what it should") {
  for (const auto& dialect : dialects) {
    std::string first, second;
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(dialect.welcome);
      first = peer.read_packet();
      second = peer.read_packet();
      peer.send(dialect.granted);
      peer.send(packet(0xb0, bytes({0, 2}) + dialect.no_properties +
                                 (dialect.no_properties.empty() ? "" : bytes({0x11}))));
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker, dialect), {all_in}, true, {"old/#"});
    REQUIRE(wait_for([&] { return in.unsubscribed() == std::vector<std::string>{"old/#"}; }));
    CHECK(in.wait_up());
    in.stop();
    broker.finish();
    CHECK(first.substr(0, 1) == bytes({0x82}));
    CHECK(second.substr(0, 1) == bytes({0xa2}));
    CHECK(second.ends_with(text("old/#")));
  }
}

TEST_CASE("strange broker: what it does not let go of is subscribed first, which tells nobody") {
  for (const auto& dialect : dialects) {
    std::string first, second;
    ScriptedBroker broker([&](const Peer& peer, int) {
      bring_up(peer, dialect);
      first = peer.read_packet();
      second = peer.read_packet();
      peer.send(packet(0x90, first.substr(2, 2) + dialect.no_properties + bytes({1})));
      peer.send(packet(0xb0, second.substr(2, 2) + dialect.no_properties +
                                 (dialect.no_properties.empty() ? "" : bytes({0}))));
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker, dialect), {all_in});
    REQUIRE(in.wait_up());
    in.link().loop().post([&] { in.link().take_back("old/#"); });
    REQUIRE(wait_for([&] { return in.unsubscribed() == std::vector<std::string>{"old/#"}; }));
    CHECK(in.subscriptions().size() == 1);
    in.stop();
    broker.finish();
    CHECK(first.substr(0, 1) == bytes({0x82}));
    CHECK(first.find(text("old/#")) != std::string::npos);
    CHECK(second.substr(0, 1) == bytes({0xa2}));
    CHECK(second.ends_with(text("old/#")));
    CHECK(broker.connections() == 1);
  }
}

TEST_CASE("strange broker: a message that is too large is read past, told and acknowledged") {
  for (const auto& dialect : dialects) {
    std::string acknowledged;
    ScriptedBroker broker([&](const Peer& peer, int) {
      bring_up(peer, dialect);
      const auto body = text("in/a") + bytes({0, 7}) + dialect.no_properties;
      std::string large = bytes({0x32, 0x80, 0x80, 0x80, 1}) + body;  // 2 MiB
      large += std::string((2 << 20) - body.size(), 'x');
      peer.send(large + publish(dialect, 8, "small"));
      acknowledged = peer.read(8);
      peer.read_to_end();
    });
    auto settings = settings_for(broker, dialect);
    settings.max_payload_bytes = 1'000;
    LinkProbe in(settings, {all_in});
    REQUIRE(in.wait_received(2));
    CHECK(in.received()[0].topic == "in/a");
    CHECK(in.received()[0].whole_bytes == (2 << 20) - 8 - dialect.no_properties.size());
    CHECK(in.received()[0].digest.size() == 64);
    CHECK(in.received()[1].payload == "small");
    in.stop();
    broker.finish();
    CHECK(acknowledged == bytes({0x40, 2, 0, 7, 0x40, 2, 0, 8}));
    CHECK(broker.connections() == 1);
  }
}

namespace {

// Takes connections by whether they have a will, and by how many have come.
struct OverWills {
  explicit OverWills(std::function<bool(bool will, int connection)> takes)
      : takes_(std::move(takes)), broker_([this](const Peer& peer, int connection) {
          const auto connect = peer.read_packet();
          const bool will = (static_cast<unsigned char>(connect.at(9)) & 4) != 0;
          if (!takes_(will, connection)) return peer.send(packet(0x20, bytes({0, 0x87, 0})));
          last_has_will = will;
          peer.send(v5.welcome);
          peer.read_packet();
          peer.send(v5.granted);
          peer.read_to_end();
        }) {}
  LinkSettings settings() const {
    auto settings = settings_for(broker_);
    settings.will = Will{"in/state", "offline", Qos::at_least_once, true};
    return settings;
  }

  std::atomic<bool> last_has_will = false;

 private:
  std::function<bool(bool will, int connection)> takes_;
  ScriptedBroker broker_;
};

}  // namespace

TEST_CASE("strange broker: one that refuses the will is gone to without it, and that is told") {
  OverWills broker([](bool will, int) { return !will; });
  LinkProbe in(broker.settings(), {all_in});
  REQUIRE(in.wait_up());
  CHECK(in.link().status().warning.find(
            "does not take the will on in/state: not authorized (0x87)") != std::string::npos);
  CHECK_FALSE(broker.last_has_will);
}

TEST_CASE("strange broker: refused for something else, the bridge comes back with its will") {
  for (const int refused : {1, 2, 3}) {
    CAPTURE(refused);
    OverWills broker([refused](bool, int connection) { return connection > refused; });
    LinkProbe in(broker.settings(), {all_in});
    REQUIRE(in.wait_up());
    CHECK(broker.last_has_will);
  }
}

TEST_CASE("strange broker: what CONNACK grants is told, and no longer than the connection lasts") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(bytes({0x20, 15, 0, 0, 12, 17, 0, 0, 0, 60, 19, 0, 20, 36, 1, 37, 0}));
    peer.read_packet();
    peer.send(v5.granted);
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker), {all_in});
  REQUIRE(in.wait_up());
  const auto granted = in.link().status().granted;
  REQUIRE(granted);
  CHECK(granted->session_expiry_s == 60);
  CHECK(granted->keep_alive_s == 20);
  CHECK(granted->maximum_qos == Qos::at_least_once);
  CHECK_FALSE(granted->knows_qos_2);
  CHECK_FALSE(granted->retain_available);
  CHECK(granted->receive_maximum == 65'535);
  in.stop();
  CHECK_FALSE(in.link().status().granted);
}

TEST_CASE("strange broker: what a link may publish and ask for is all that it does") {
  for (const auto& dialect : dialects) {
    std::string asked, published;
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(dialect.welcome);
      asked = peer.read_packet();
      peer.send(dialect.granted);
      peer.read_to_end();
    });
    LinkSettings settings = settings_for(broker, dialect);
    settings.max_qos = Qos::at_least_once;
    settings.retain = false;
    Subscription at_2 = all_in;
    at_2.qos = Qos::exactly_once;
    LinkProbe in(settings, {at_2});
    REQUIRE(in.wait_up());
    CHECK(in.ups().at(0).maximum_qos == Qos::at_least_once);
    CHECK_FALSE(in.ups().at(0).retain_available);
    CHECK(in.link().status().granted->knows_qos_2);
    CHECK(in.link().status().granted->retain_available);
    in.stop();
    broker.finish();
    CHECK((asked.back() & 3) == 1);
  }
}

}  // namespace bascule::test
