// The native link at QoS 2, with a broker that does what the test says.
#include <doctest/doctest.h>

#include "support/link_probe.hpp"
#include "support/scripted_broker.hpp"

namespace bascule::test {

namespace {

using Kind = Outcome::Kind;
using Stage = Outgoing::Stage;

const Subscription all{"in/#", true, false, Qos::exactly_once};

LinkSettings settings_for(const std::string& url) {
  return link_settings(Client::native, url, "client");
}

std::string publish(int flags, const std::string& payload) {
  const auto body = text("in/a") + bytes({0, 7, 0}) + payload;
  return bytes({0x30 | flags, static_cast<int>(body.size())}) + body;
}

void send(LinkProbe& probe, std::uint64_t tag, std::uint16_t packet_id,
          Stage stage = Stage::fresh) {
  probe.link().loop().post([=, &probe] {
    const Outgoing out{{"in/a", "x", {}, Qos::exactly_once, false}, tag, packet_id, stage};
    probe.link().publish({&out, 1});
  });
}

void release(LinkProbe& probe, std::uint16_t packet_id) {
  probe.link().loop().post([=, &probe] { probe.link().release(packet_id); });
}

}  // namespace

TEST_CASE("native link: PUBREL waits for the release, and PUBCOMP accepts") {
  std::string sent;
  std::string early;
  std::atomic<bool> looked = false;
  std::string released;
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer, 2);
    sent = peer.read_packet();
    peer.send(bytes({0x50, 2, 0xe0, 5}));
    early = peer.read(1, 100);
    looked = true;
    peer.send(bytes({0x70, 2, 0xe0, 5}));  // for nothing as yet
    released = peer.read_packet();
    peer.send(bytes({0x70, 2, 0xe0, 5}));
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all});
  REQUIRE(out.wait_up());
  send(out, 9, 0xe005);
  REQUIRE(out.wait_outcomes(1));
  CHECK(out.outcomes()[0].kind == Kind::received);
  CHECK(out.outcomes()[0].tag == 9);
  REQUIRE(wait_for([&] { return looked.load(); }));
  release(out, 0xe005);
  REQUIRE(out.wait_outcomes(2));
  CHECK(out.outcomes()[1].kind == Kind::accepted);
  out.stop();
  broker.finish();
  CHECK(sent == bytes({0x34, 10}) + text("in/a") + bytes({0xe0, 5, 0}) + "x");
  CHECK(early.empty());
  CHECK(released == bytes({0x62, 2, 0xe0, 5}));
}

TEST_CASE("native link: what is resumed goes with DUP, or as PUBREL alone") {
  std::string first;
  std::string second;
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer, 2);
    first = peer.read_packet();
    second = peer.read_packet();
    // An id that the broker does not know any more, it has let go of before.
    peer.send(bytes({0x70, 3, 0xe0, 6, 0x92}));
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all});
  REQUIRE(out.wait_up());
  send(out, 1, 0xe005, Stage::resent);
  send(out, 2, 0xe006, Stage::received);
  REQUIRE(out.wait_outcomes(1));
  CHECK(out.outcomes()[0].tag == 2);
  CHECK(out.outcomes()[0].kind == Kind::accepted);
  out.stop();
  broker.finish();
  CHECK(first.substr(0, 1) == bytes({0x3c}));
  CHECK(second == bytes({0x62, 2, 0xe0, 6}));
}

TEST_CASE("native link: a PUBREC may refuse, and a PUBACK may answer where QoS 2 is unknown") {
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer, 2);
    peer.read_packet();
    peer.read_packet();
    peer.send(bytes({0x50, 3, 0xe0, 1, 0x97}) + bytes({0x40, 2, 0xe0, 2}));
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all});
  REQUIRE(out.wait_up());
  send(out, 1, 0xe001);
  send(out, 2, 0xe002);
  REQUIRE(out.wait_outcomes(2));
  CHECK(out.outcomes()[0].kind == Kind::refused);
  CHECK(out.outcomes()[0].reason == 0x97);
  CHECK(out.outcomes()[1].kind == Kind::accepted);
}

TEST_CASE("native link: QoS 1 and 2 share the broker's Receive Maximum, until PUBCOMP") {
  std::string early;
  std::atomic<bool> looked = false;
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer, 2, bytes({0x20, 6, 0, 0, 3, 33, 0, 2}));
    peer.read_packet();
    peer.read_packet();
    peer.send(bytes({0x50, 2, 0xe0, 1}));
    early = peer.read(1, 50);
    looked = true;
    peer.read_packet();  // PUBREL
    peer.send(bytes({0x70, 2, 0xe0, 1}));
    peer.read_packet();
    peer.send(bytes({0x50, 2, 0xe0, 2}));
    peer.read_to_end();
  });
  LinkProbe out(settings_for(broker.url()), {all});
  REQUIRE(out.wait_up());
  out.publish(1, "in/a", "q1");
  send(out, 2, 0xe001);
  send(out, 3, 0xe002);
  REQUIRE(out.wait_outcomes(1));
  REQUIRE(wait_for([&] { return looked.load(); }));
  CHECK(early.empty());
  release(out, 0xe001);
  REQUIRE(out.wait_outcomes(3));
  CHECK(out.outcomes()[1].kind == Kind::accepted);
  CHECK(out.outcomes()[2].kind == Kind::received);
  CHECK(out.outcomes()[2].tag == 3);
}

TEST_CASE("native link: PUBREC and PUBCOMP go out when their deliveries are acknowledged") {
  std::string answers;
  ScriptedBroker broker([&](const Peer& peer, int) {
    bring_up(peer, 2);
    peer.send(publish(4, "a"));
    answers = peer.read(4);
    peer.send(bytes({0x62, 2, 0, 7}) + publish(4, "b"));
    answers += peer.read(8);
    peer.read_to_end();
  });
  LinkProbe in(settings_for(broker.url()), {all}, false);
  REQUIRE(in.wait_received(1));
  CHECK(in.received()[0].qos == Qos::exactly_once);
  in.link().acknowledge(1);
  REQUIRE(in.wait_received(3));
  CHECK(in.received()[1].released);
  CHECK(in.received()[1].packet_id == 7);
  CHECK_FALSE(in.received()[2].released);
  in.link().acknowledge(3);
  REQUIRE(wait_for([&] { return broker.connections() == 1; }));
  in.stop();
  broker.finish();
  CHECK(answers == bytes({0x50, 2, 0, 7}) + bytes({0x70, 2, 0, 7}) + bytes({0x50, 2, 0, 7}));
}

TEST_CASE("native link: MQTT 3.1.1 that grants less than QoS 2 is not published to at QoS 2") {
  for (const int grant : {1, 2}) {
    ScriptedBroker broker([&](const Peer& peer, int) {
      peer.read_packet();
      peer.send(bytes({0x20, 2, 0, 0}));
      peer.read_packet();
      peer.send(bytes({0x90, 3, 0, 1, grant}));
      peer.read_to_end();
    });
    auto settings = settings_for(broker.url());
    settings.protocol = Protocol::v3_1_1;
    LinkProbe out(settings, {all});
    REQUIRE(out.wait_up());
    CHECK(static_cast<int>(out.ups()[0].maximum_qos) == grant);
  }
}

}  // namespace bascule::test
