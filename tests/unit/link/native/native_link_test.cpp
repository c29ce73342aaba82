#include <doctest/doctest.h>

#include "support/certificates.hpp"
#include "support/link_probe.hpp"
#include "support/scripted_broker.hpp"

namespace bascule::test {

namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Subscription all{"in/#", true};
const auto welcome_v3 = bytes({0x20, 2, 0, 0});

LinkSettings settings_for(const std::string& url) {
  return link_settings(Client::native, url, "client");
}

// A PUBLISH of MQTT 5 on "in/a" at QoS 1.
std::string publish(int packet_id, const std::string& payload) {
  const auto body = text("in/a") + bytes({packet_id >> 8, packet_id & 255, 0}) + payload;
  return bytes({0x32, static_cast<int>(body.size())}) + body;
}

}  // namespace

TEST_CASE("native link: messages are handed in together, without waiting for acknowledgements") {
  std::string acknowledged;
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer);
    std::string burst;
    for (int id = 1; id <= 500; ++id) burst += publish(id, "x");
    peer.send(burst);
    acknowledged = peer.read(4 * 500);
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker.url()), {all}, false);
  REQUIRE(in.wait_received(500));
  CHECK(in.calls() < 50);
  in.link().acknowledge(200);
  in.link().acknowledge(100);
  in.link().acknowledge(500);
  in.stop();
  broker.finish();
  std::string expected;
  for (int id = 1; id <= 500; ++id) expected += bytes({0x40, 2, id >> 8, id & 255});
  CHECK(acknowledged == expected);
}

// What the dropped connection had read, but not yet handed in, once stayed in the list of what is
// to be acknowledged, and went with the next connection's first acknowledgement.
TEST_CASE("native link: what arrives just before a drop is not acknowledged after it") {
  std::atomic<bool> more = false;
  std::string acknowledged;
  ScriptedBroker broker([&](const Peer& peer, int connection) {
    bring_up(peer);
    if (connection == 1) {
      peer.send(publish(1, "a"));
      wait_for([&] { return more.load(); });
      peer.send(publish(2, "b"));
      more = false;
      peer.read_to_end();
    } else {
      peer.send(publish(3, "c"));
      acknowledged = peer.read(4);
      peer.read_to_end();
    }
  });
  LinkProbe in(settings_for(broker.url()), {all}, false);
  REQUIRE(in.wait_received(1));
  in.link().loop().post([&] {  // the next message is there to be read when the drop has its turn
    more = true;
    wait_for([&] { return !more.load(); });
    in.link().drop("the journal is full");
  });
  REQUIRE(wait_for([&] { return in.ups().size() >= 2 && in.received().back().payload == "c"; }));
  in.link().acknowledge(in.received().back().tag);
  in.stop(1s);
  broker.finish();
  CHECK(acknowledged == bytes({0x40, 2, 0, 3}));
}

TEST_CASE("native link: nothing is acknowledged after a drop, whatever comes later") {
  std::string after_drop = "nothing yet";
  ScriptedBroker broker([&](const Peer& peer, int connection) {
    bring_up(peer);
    if (connection == 1) {
      peer.send(publish(1, "a") + publish(2, "b"));
      after_drop = peer.read(1);
    } else {
      peer.send(publish(1, "a"));
      peer.read_to_end();
    }
  });
  LinkProbe in(settings_for(broker.url()), {all}, false);
  REQUIRE(in.wait_received(2));
  in.link().loop().post([&] {  // while the loop is busy, so that both wait for it
    in.link().acknowledge(1);
    in.link().drop("the journal is full");
    in.link().acknowledge(2);
  });
  REQUIRE(in.wait_received(3));
  CHECK(in.received()[2].tag == 3);
  in.stop();
  broker.finish();
  CHECK(after_drop == "");
}

TEST_CASE("native link: a drop that comes when the connection is gone does no harm") {
  std::atomic<bool> acknowledged = false;
  ScriptedBroker broker([&](const Peer& peer, int connection) {
    bring_up(peer);
    if (connection == 2) {
      peer.send(publish(1, "a"));
      acknowledged = peer.read(4) == bytes({0x40, 2, 0, 1});
    }
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker.url()), {all});
  REQUIRE(in.wait_up());
  in.link().pause("a rest");
  REQUIRE(wait_for([&] { return in.link().status().state == LinkStatus::State::paused; }));
  in.link().drop("the journal is full");
  in.link().resume();
  CHECK(wait_for([&] { return acknowledged.load(); }));
}

TEST_CASE("native link: what the broker does wrong ends the connection, and the link tries again") {
  const std::pair<std::string, std::string> wrongs[] = {
      {"garbage", "something that is not MQTT"},
      {bytes({0x36, 0}), "not MQTT"},
      {bytes({0x40, 0xff, 0xff, 0xff, 0x7f}), "over the limit"},
      {bytes({0x30, 0x80, 0x80, 0x80, 0x80, 1}), "not MQTT"},
      {bytes({0x32, 3, 0, 9, 'x'}), "PUBLISH that breaks the rules"},
      {bytes({0x62, 1, 0}), "PUBREL that breaks the rules"},
      {bytes({0x50, 2, 0, 0}), "PUBREC that breaks the rules"},
      {bytes({0x60, 2, 0, 1}), "not MQTT"},
      {bytes({0x70, 1, 0}), "PUBCOMP that breaks the rules"},
      {bytes({0xf0, 0}), "which we never asked for"},
      {bytes({0x40, 1, 0}), "PUBACK that breaks the rules"},
      {bytes({0x90, 4, 0, 1, 0, 1}), "SUBACK that breaks the rules"},
      {welcome, "CONNACK that breaks the rules"},
      {bytes({0xe0, 2, 0x8b, 0}), "the server is shutting down"},
      {bytes({0xe0, 2, 0x8e, 0}), "another client uses client id client"},
  };
  for (const auto& [wrong, error] : wrongs) {
    CAPTURE(error);
    ScriptedBroker broker([&](const Peer& peer, int connection) {
      bring_up(peer);
      if (connection == 1) peer.send(publish(1, "good") + wrong);
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker.url()), {all}, false);
    CHECK(in.wait_error(error));
    CHECK(in.wait_up(2));
    CHECK(in.received().size() == 1);
  }
}

TEST_CASE("native link: closed while deliveries wait, over and over, it accuses no other client") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer);
    peer.send(publish(1, "good"));
  });
  LinkProbe in(settings_for(broker.url()), {all}, false);
  bool accused = false;
  CHECK(wait_for([&] {
    accused = accused || in.link().status().last_error.find("another client") != std::string::npos;
    return accused || in.ups().size() >= 6;
  }));
  CHECK_FALSE(accused);
}

TEST_CASE("native link: lines that are dead, over and over, accuse no other client") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer);
    peer.read_to_end();  // a PINGREQ has no answer
  });
  auto settings = settings_for(broker.url());
  settings.keep_alive = 1s;
  LinkProbe in(settings, {all}, false);
  bool accused = false;
  CHECK(wait_for([&] {
    accused = accused || in.link().status().last_error.find("another client") != std::string::npos;
    return accused || in.ups().size() >= 4;
  }));
  CHECK_FALSE(accused);
}

TEST_CASE("native link: an acknowledgement that nobody waits for does no harm") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer);
    const auto sent = peer.read_packet();
    const auto id = sent.substr(2 + 2 + 4, 2);
    peer.send(bytes({0x40, 2, 0x77, 0x77}) + bytes({0x40, 2}) + id + bytes({0x40, 2}) + id);
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all});
  REQUIRE(out.wait_up());
  out.publish(5, "in/a", "x");
  REQUIRE(out.wait_outcomes(1));
  CHECK(out.outcomes()[0].tag == 5);
  CHECK(out.outcomes()[0].kind == Kind::accepted);
  CHECK(out.up());
}

TEST_CASE("native link: packets may come byte by byte") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    const auto trickle =
        welcome + granted(1) + publish(1, "one") + publish(2, std::string(90, 'x'));
    for (const char byte : trickle) peer.send({byte});
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker.url()), {all});
  REQUIRE(in.wait_received(2));
  CHECK(in.received()[0].payload == "one");
  CHECK(in.received()[1].payload == std::string(90, 'x'));
}

TEST_CASE("native link: a refused CONNECT is told in words") {
  const std::pair<std::string, std::string> answers[] = {
      {bytes({0x20, 3, 0, 0x86, 0}), "wrong user name or password"},
      {bytes({0x20, 3, 0, 0x87, 0}), "not authorized"},
      {bytes({0x20, 3, 0, 0x85, 0}), "the client id is not allowed"},
      {bytes({0x20, 3, 0, 0x88, 0}), "the server is not available"},
      {bytes({0x20, 8, 0, 0x8a, 5, 31, 0, 2, 'n', 'o'}), "banned (0x8a): no"},
      {bytes({0x20, 3, 0, 0x9c, 0}), "use another server"},
      {bytes({0x20, 2, 0, 5}), "not authorized"},
      {bytes({0x30, 0}), "answered CONNECT with something else"},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "something that is not MQTT"},
  };
  for (const auto& [answer, error] : answers) {
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(answer);
      peer.read_to_end();
    });
    LinkProbe in(settings_for(broker.url()), {all});
    CHECK(in.wait_error(error));
    CHECK(in.ups().empty());
  }
}

TEST_CASE("native link: no more is in flight than the broker's Receive Maximum, in order") {
  bool too_many = false;
  std::string order;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(bytes({0x20, 6, 0, 0, 3, 33, 0, 2}));
    peer.read_packet();
    peer.send(granted(1));
    for (int pair = 0; pair < 5; ++pair) {
      const auto one = peer.read_packet();
      const auto two = peer.read_packet();
      too_many = too_many || !peer.read_packet(20).empty();
      order += {one.back(), two.back()};
      peer.send(bytes({0x40, 2}) + one.substr(8, 2) + bytes({0x40, 2}) + two.substr(8, 2));
    }
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all});
  REQUIRE(out.wait_up());
  CHECK(out.ups()[0].receive_maximum == 2);
  for (int i = 0; i < 10; ++i) out.publish(i, "in/a", std::string(1, static_cast<char>('a' + i)));
  REQUIRE(out.wait_outcomes(10));
  out.stop();
  broker.finish();
  CHECK_FALSE(too_many);
  CHECK(order == "abcdefghij");
}

TEST_CASE("native link: a publish over the broker's maximum packet size is refused at once") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(bytes({0x20, 8, 0, 0, 5, 39, 0, 0, 0, 100}));
    peer.read_packet();
    peer.send(granted(1));
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all});
  REQUIRE(out.wait_up());
  out.publish(1, "in/a", std::string(100, 'x'));
  REQUIRE(out.wait_outcomes(1));
  CHECK(out.outcomes()[0].kind == Kind::refused);
  CHECK(out.outcomes()[0].reason == 0x95);
}

TEST_CASE("native link: with MQTT 3.1.1 reading stops while too much is unacknowledged") {
  constexpr int count = 40'000;
  ScriptedBroker broker([&](const Peer& peer, int) {
    peer.read_packet();
    peer.send(welcome_v3);
    peer.read_packet();
    peer.send(bytes({0x90, 3, 0, 1, 1}));
    std::thread reader([&] { peer.read_to_end(); });
    std::string burst;
    for (int i = 0; i < count; ++i) {
      const int id = i % 60'000 + 1;
      const auto body = text("in/a") + bytes({id >> 8, id & 255}) + std::string(90, 'x');
      burst += bytes({0x32, static_cast<int>(body.size())}) + body;
    }
    peer.send(burst);
    reader.join();
  });
  auto settings = settings_for(broker.url());
  settings.protocol = Protocol::v3_1_1;
  LinkProbe in(settings, {all}, false);
  REQUIRE(in.wait_received(10'000));
  CHECK_FALSE(wait_for([&] { return in.received().size() > 13'000; }, 300ms));
  in.acknowledges(true);
  in.link().acknowledge(in.received().back().tag);
  CHECK(in.wait_received(count));
}

TEST_CASE("native link: a publish at QoS 0 is accepted when it is written") {
  Broker broker;
  LinkProbe in(link_settings(Client::native, broker.url(), "in"), {all});
  LinkProbe out(link_settings(Client::native, broker.url(), "out"));
  REQUIRE(in.wait_up());
  REQUIRE(out.wait_up());
  out.publish(3, "in/a", "x", Qos::at_most_once);
  REQUIRE(out.wait_outcomes(1));
  CHECK(out.outcomes()[0].kind == Kind::accepted);
  REQUIRE(in.wait_received(1));
  CHECK(in.received()[0].packet_id == 0);
}

TEST_CASE("native link: what is in flight is lost before the link is down") {
  Broker broker;
  LinkProbe out(link_settings(Client::native, broker.url(), "out"));
  REQUIRE(out.wait_up());
  broker.freeze(true);
  for (int i = 1; i <= 15; ++i) out.publish(i, "in/a", "x");
  out.link().loop().post([&] { out.link().drop("a break"); });
  REQUIRE(wait_for([&] { return !out.up(); }));
  CHECK(out.outcomes_at_down() == 15);
  for (const auto& outcome : out.outcomes()) CHECK(outcome.kind == Kind::lost);
  broker.freeze(false);
  REQUIRE(out.wait_up(2));
  out.publish(16, "in/a", "x");
  REQUIRE(out.wait_outcomes(16));
  CHECK(out.outcomes()[15].kind == Kind::accepted);
}

TEST_CASE("native link: large messages cross both ways") {
  Broker broker;
  LinkProbe in(link_settings(Client::native, broker.url(), "in"), {all});
  LinkProbe out(link_settings(Client::native, broker.url(), "out"));
  REQUIRE(in.wait_up());
  REQUIRE(out.wait_up());
  const std::string sizes[] = {std::string(9 << 20, 'a'), "small", std::string(300'000, 'b')};
  for (int i = 0; i < 3; ++i) out.publish(i, "in/a", sizes[i]);
  REQUIRE(in.wait_received(3));
  for (int i = 0; i < 3; ++i) CHECK((in.received()[i].payload == sizes[i]));
}

TEST_CASE("native link: a Unix socket will do") {
  TempDir dir;
  const auto path = dir.file("broker.sock");
  Broker broker("allow_anonymous true\nlistener 0 " + path + "\n");
  LinkProbe in(link_settings(Client::native, "mqtt+unix://" + path, "in"), {all});
  REQUIRE(in.wait_up());
  in.publish(1, "other", "x");
  REQUIRE(in.wait_outcomes(1));
  CHECK(in.outcomes()[0].kind == Kind::accepted);
}

TEST_CASE("native link: where nobody listens, it says so") {
  const auto port = std::to_string(free_port());
  LinkProbe in(settings_for("mqtt://127.0.0.1:" + port));
  CHECK(in.wait_error("cannot connect: Connection refused"));
  LinkProbe nowhere(settings_for("mqtt+unix:///nowhere/broker.sock"));
  CHECK(nowhere.wait_error("cannot connect: No such file"));
}

TEST_CASE("native link: a client certificate is shown, and read again for each connection") {
  Certificates certificates;
  Broker broker(certificates.broker(9) + "cafile " + certificates.dir.file("ca.crt") +
                "\nrequire_certificate true\n");
  REQUIRE(certificates.made);
  auto settings = settings_for(broker.url("mqtts", "localhost"));
  settings.tls.ca_file = certificates.dir.file("ca.crt");
  LinkProbe without(settings);
  CHECK(without.wait_error("TLS: the broker wants a client certificate (see tls.cert_file"));
  settings.tls.cert_file = certificates.dir.file("shown.crt");
  settings.tls.key_file = certificates.dir.file("shown.key");
  LinkProbe with(settings);
  CHECK(with.wait_error("tls.cert_file: cannot read"));
  for (const auto& kind : {".key", ".crt"}) {
    std::filesystem::copy(certificates.dir.file(std::string("good") + kind),
                          certificates.dir.file(std::string("shown") + kind));
  }
  CHECK(with.wait_up());
}

TEST_CASE("native link: a broker that speaks no TLS is told apart from a bad certificate") {
  Broker broker;
  LinkProbe in(settings_for(broker.url("mqtts", "localhost")));
  CHECK(in.wait_error("does it speak TLS on this port?"));
}

TEST_CASE("native link: a TLS port at which it speaks without TLS is told as one") {
  ScriptedBroker alert([](const Peer& peer, int) {
    peer.read(1);
    peer.send(std::string("\x15\x03\x01\x00\x02\x02\x46", 7));
    peer.read_to_end();
  });
  LinkProbe in(settings_for(alert.url()));
  CHECK(in.wait_error("this looks like a TLS port: the url begins with mqtts:// there"));
  ScriptedBroker mute([](const Peer& peer, int) { peer.read(1); });
  LinkProbe other(settings_for(mute.url()));
  CHECK(other.wait_error("does it want TLS on this port, mqtts:// in the url?"));
}

TEST_CASE("native link: stop comes through while nothing can be reached") {
  ScriptedBroker silent([](const Peer& peer, int) { peer.read_to_end(); });
  LinkProbe in(settings_for(silent.url()));
  REQUIRE(wait_for([&] { return silent.connections() == 1; }));
  in.stop(10s);
  CHECK(in.ups().empty());
}

}  // namespace bascule::test
