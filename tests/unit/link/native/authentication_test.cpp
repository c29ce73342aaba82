// Enhanced authentication of MQTT 5, as a broker sees it.
#include "link/native/authentication.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "support/dialect.hpp"

namespace bascule::test {

namespace {

std::string auth(int reason, const std::string& method, const std::string& data) {
  const auto properties = bytes({21}) + text(method) + bytes({22}) + text(data);
  return packet(0xf0, bytes({reason, static_cast<int>(properties.size())}) + properties);
}

LinkSettings authenticating(const ScriptedBroker& broker, const TempDir& dir) {
  LinkSettings settings = link_settings(Client::native, broker.url(), "client");
  settings.auth = {"JWT", dir.write("data", "first\n")};
  return settings;
}

}  // namespace

TEST_CASE("authentication: CONNECT shows method and data, and a broker may ask once more") {
  TempDir dir;
  std::string connect, answer;
  ScriptedBroker broker([&](const Peer& peer, int) {
    connect = peer.read_packet();
    peer.send(auth(0x18, "JWT", "who?"));
    answer = peer.read_packet();
    peer.send(welcome);
    peer.read_to_end();
  });
  LinkProbe in(authenticating(broker, dir));
  CHECK(in.wait_up());
  in.stop();
  broker.finish();
  CHECK(connect.find(bytes({21}) + text("JWT") + bytes({22}) + text("first")) != connect.npos);
  CHECK(answer == auth(0x18, "JWT", "first"));
}

TEST_CASE("authentication: is shown again on the connection that there is, when told to") {
  TempDir dir;
  std::atomic<int> shown = 0;
  std::string again, more;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(welcome);
    again = peer.read_packet();
    shown = 1;
    peer.send(auth(0x18, "JWT", ""));
    more = peer.read_packet();
    peer.send(auth(0, "JWT", ""));
    shown = 2;
    peer.read_to_end();
  });
  LinkProbe in(authenticating(broker, dir));
  REQUIRE(in.wait_up());
  dir.write("data", "second");
  in.link().reauthenticate();
  REQUIRE(wait_for([&] { return shown == 2; }));
  in.publish(1, "a", "x", Qos::at_most_once);
  CHECK(in.wait_outcomes(1));
  CHECK(in.up());
  in.stop();
  broker.finish();
  CHECK(again == auth(0x19, "JWT", "second"));
  CHECK(more == auth(0x18, "JWT", "second"));
  CHECK(broker.connections() == 1);
}

TEST_CASE("authentication: what a broker says against it is shown") {
  TempDir dir;
  const std::string expired = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOiAxNzY0MjM3MDAwfQ.c2ln";
  const auto fails = [&](const std::string& answer, const std::string& why) {
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(answer);
      peer.read_packet();
      peer.send(answer);
      peer.read_to_end();
    });
    auto settings = authenticating(broker, dir);
    dir.write("data", expired);
    LinkProbe in(settings);
    CAPTURE(why);
    CHECK(in.wait_error(why));
    CHECK(in.ups().empty());
    in.stop();
    broker.finish();
  };
  fails(bytes({0x20, 3, 0, 0x8c, 0}), "the broker refused: bad authentication method (0x8c)");
  fails(bytes({0x20, 3, 0, 0x87, 0}),
        "not authorized (0x87); the token has expired, at 2025-11-27T09:50:00Z");
  fails(auth(0x18, "JWT", ""),
        "the broker asks for more than auth.data_file has, by the method JWT");
  fails(auth(0x18, "SCRAM", ""), "an AUTH that breaks the rules of MQTT");
  fails(auth(0, "JWT", ""), "an AUTH that breaks the rules of MQTT");
}

TEST_CASE("authentication: a refusal while it is up ends the connection with its reason") {
  TempDir dir;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(welcome);
    peer.read_packet();
    peer.send(bytes({0xe0, 2, 0x87, 0}));
    peer.read_to_end();
  });
  LinkProbe in(authenticating(broker, dir));
  REQUIRE(in.wait_up());
  in.link().reauthenticate();
  CHECK(in.wait_error("the broker ended it: not authorized (0x87)"));
}

TEST_CASE("authentication: nobody who has no method takes an AUTH, and MQTT 3.1.1 has none") {
  for (const auto& one : {auth(0x18, "JWT", ""), bytes({0xf0, 0})}) {
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(welcome + one);
      peer.read_to_end();
    });
    LinkProbe in(link_settings(Client::native, broker.url(), "client"));
    CHECK(in.wait_error("which we never asked for"));
  }
  LinkSettings old = link_settings(Client::native, "mqtt://localhost", "client");
  old.protocol = Protocol::v3_1_1;
  old.auth.method = "JWT";
  CHECK_THROWS_WITH(make_link(old),
                    "auth: MQTT 3.1.1 knows no enhanced authentication; use protocol: 5");
}

}  // namespace bascule::test
