#include <limits>

#include "link/codec/decode.hpp"
#include "link/codec/encode.hpp"
#include "link/codec/packet.hpp"
#include "support/bytes.hpp"
#include "support/property.hpp"

namespace bascule::test {

namespace {

using State = Frame::State;
constexpr auto v3 = Protocol::v3_1_1;
constexpr auto v5 = Protocol::v5;
constexpr std::size_t large = 1 << 20;

Frame frame_of(std::string& packet, std::size_t limit = large) {
  return next_frame(span_of(packet), limit);
}

State state_of(std::string packet, std::size_t limit = large) {
  return frame_of(packet, limit).state;
}

std::string_view body_of(const Frame& frame) { return {frame.body.data(), frame.body.size()}; }

// Whether the body can be read as what the packet type says.
bool readable(const Frame& frame, Protocol version) {
  Delivery delivery;
  switch (frame.type) {
    case PacketType::connack:
      return decode_connack(body_of(frame), version).has_value();
    case PacketType::publish:
      return decode_publish(frame.flags, frame.body, version, delivery);
    case PacketType::puback:
      return decode_answer(body_of(frame), version).has_value();
    case PacketType::suback:
      return decode_suback(body_of(frame), version).has_value();
    case PacketType::disconnect:
      return decode_disconnect(body_of(frame)).has_value();
    case PacketType::auth:
      return decode_auth(body_of(frame)).has_value();
    default:
      return frame.body.empty();
  }
}

std::string packet(int head, const std::string& body) {
  std::string packet = bytes({head});
  std::size_t length = body.size();
  for (; length >= 128; length >>= 7) packet += static_cast<char>((length & 127) | 128);
  return packet + static_cast<char>(length) + body;
}

// CONNACK with one of each property that it may have.
std::string rich_connack() {
  const auto properties = bytes({17, 0, 0, 1, 0}) + bytes({33, 0, 20}) + bytes({36, 1}) +
                          bytes({37, 0}) + bytes({39, 0, 1, 0, 0}) + bytes({18}) +
                          text("assigned") + bytes({34, 0, 0}) + bytes({31}) + text("welcome") +
                          bytes({38}) + text("name") + text("value") + bytes({38}) + text("name") +
                          text("value") + bytes({40, 1, 41, 1, 42, 0}) + bytes({19, 0, 60}) +
                          bytes({26}) + text("answers") + bytes({28}) + text("other") +
                          bytes({21}) + text("method") + bytes({22}) + text(bytes({0, 255}));
  return bytes({1, 0}) + packet(0, properties).substr(1);
}

}  // namespace

TEST_CASE("codec: CONNECT is as the example of MQTT 5, figure 3-6, has it") {
  ConnectPacket connect;
  connect.username = "u";
  connect.password = "p";
  connect.keep_alive_s = 10;
  connect.session_expiry_s = 10;
  connect.receive_maximum = 1'000;
  connect.maximum_packet_bytes = 65'536;
  connect.will = Will{"w", "gone", Qos::at_least_once, false};
  std::string out;
  append_connect(out, connect);
  const auto header = text("MQTT") + bytes({5, 0xcc, 0, 10});
  const auto properties = bytes({13, 17, 0, 0, 0, 10, 33, 3, 0xe8, 39, 0, 1, 0, 0});
  const auto payload = text("") + bytes({0}) + text("w") + text("gone") + text("u") + text("p");
  CHECK(out == packet(0x10, header + properties + payload));
}

TEST_CASE("codec: CONNECT of MQTT 3.1.1 has no properties, and no password without a user name") {
  ConnectPacket connect;
  connect.version = v3;
  connect.client_id = "id";
  connect.password = "secret";
  connect.will = Will{"w", "", Qos::at_most_once, true};
  std::string out;
  append_connect(out, connect);
  CHECK(out == packet(0x10, text("MQTT") + bytes({4, 0xe4, 0, 30}) + text("id") + text("w") +
                                text("") + text("") + text("secret")));
}

TEST_CASE("codec: CONNECT asks for a new session where none is to be kept") {
  ConnectPacket connect;
  connect.version = v3;
  connect.client_id = "id";
  connect.keep_session = false;
  std::string out;
  append_connect(out, connect);
  CHECK(out == packet(0x10, text("MQTT") + bytes({4, 2, 0, 30}) + text("id")));
}

TEST_CASE("codec: a setting that fits no packet is named") {
  ConnectPacket connect;
  connect.username = std::string(65'536, 'x');
  std::string out;
  CHECK_THROWS_WITH(append_connect(out, connect), "username is longer than 65,535 bytes");
}

TEST_CASE("codec: SUBSCRIBE, PUBACK, PINGREQ and DISCONNECT, byte for byte") {
  std::string out;
  append_subscribe(out, v3, 10, {"a/b", true});
  CHECK(out == packet(0x82, bytes({0, 10}) + text("a/b") + bytes({1})));
  out.clear();
  append_subscribe(out, v5, 258, {"a/b", true});
  CHECK(out == packet(0x82, bytes({1, 2, 0}) + text("a/b") + bytes({1 | 4 | 8 | 16})));
  out.clear();
  append_subscribe(out, v5, 258, {"a/b", false, true, Qos::at_most_once, 0, false});
  CHECK(out == packet(0x82, bytes({1, 2, 0}) + text("a/b") + bytes({0})));
  out.clear();
  append_subscribe(out, v5, 1, {"a/b", false});
  CHECK(out.back() == (1 | 8 | 16));
  out.clear();
  append_subscribe(out, v5, 1, {"a/b", false, true});
  CHECK(out.back() == (1 | 8));
  out.clear();
  append_answer(out, PacketType::puback, 0x1234);
  append_pingreq(out);
  append_disconnect(out);
  CHECK(out == bytes({0x40, 2, 0x12, 0x34, 0xc0, 0, 0xe0, 0}));
}

TEST_CASE("codec: enhanced authentication in CONNECT and AUTH, byte for byte") {
  const auto properties = bytes({21}) + text("JWT") + bytes({22}) + text(bytes({0, 255}));
  ConnectPacket connect;
  connect.client_id = "id";
  connect.receive_maximum = 1;
  connect.auth_method = "JWT";
  connect.auth_data = bytes({0, 255});
  std::string out;
  append_connect(out, connect);
  const auto all = bytes({17, 0, 0, 0, 0, 33, 0, 1}) + properties;
  CHECK(out ==
        packet(0x10, text("MQTT") + bytes({5, 0, 0, 30}) + packet(0, all).substr(1) + text("id")));
  out.clear();
  append_auth(out, 0x19, "JWT", bytes({0, 255}));
  CHECK(out == packet(0xf0, bytes({0x19}) + packet(0, properties).substr(1)));
  out.clear();
  CHECK_THROWS_WITH(append_auth(out, 0x19, "JWT", std::string(65'536, 'x')),
                    "what auth.data_file has is longer than 65,535 bytes");
}

TEST_CASE("codec: AUTH is read, and what does not belong into it refused") {
  CHECK(decode_auth("")->reason == 0);
  CHECK(decode_auth(bytes({0x18}))->reason == 0x18);
  const auto block =
      bytes({21}) + text("JWT") + bytes({22}) + text("more") + bytes({31}) + text("why");
  const auto body = bytes({0x18}) + packet(0, block).substr(1);
  const auto auth = decode_auth(body);
  REQUIRE(auth);
  CHECK(auth->method == "JWT");
  CHECK(auth->reason_text == "why");
  CHECK_FALSE(decode_auth(bytes({0x18, 3, 33, 0, 1})));  // receive maximum
  CHECK_FALSE(decode_auth(bytes({0x18, 4, 21, 0, 1})));
  CHECK_FALSE(decode_auth(bytes({0x18, 0, 0})));
}

TEST_CASE("codec: an identifier goes out with a SUBSCRIBE and is taken out of a PUBLISH") {
  std::string out;
  Subscription subscription{"a/b", true};
  subscription.identifier = 300;
  append_subscribe(out, v5, 1, subscription);
  CHECK(out == packet(0x82, bytes({0, 1, 3, 11, 0xac, 2}) + text("a/b") + bytes({1 | 4 | 8 | 16})));
  const auto delivered = [](std::string body) {
    Delivery delivery;
    CHECK(decode_publish(0, span_of(body), v5, delivery));
    CHECK(delivery.message.properties == bytes({1, 1}));
    return delivery.identifier;
  };
  CHECK(delivered(text("t") + bytes({2, 1, 1})) == 0);
  CHECK(delivered(text("t") + bytes({5, 11, 0xac, 2, 1, 1})) == 300);
  CHECK(delivered(text("t") + bytes({6, 11, 1, 1, 1, 11, 2})) == several_subscriptions);
}

TEST_CASE("codec: UNSUBSCRIBE and its answer, byte for byte") {
  std::string out;
  const std::vector<std::string> filters{"a", "b/#"};
  append_unsubscribe(out, v3, 10, filters);
  CHECK(out == packet(0xa2, bytes({0, 10}) + text("a") + text("b/#")));
  out.clear();
  append_unsubscribe(out, v5, 10, filters);
  CHECK(out == packet(0xa2, bytes({0, 10, 0}) + text("a") + text("b/#")));
  CHECK(decode_unsuback(bytes({0, 10}), v3)->packet_id == 10);
  CHECK(decode_unsuback(bytes({0, 10, 0, 0, 0x11}), v5)->reasons == bytes({0, 0x11}));
  CHECK_FALSE(decode_unsuback(bytes({0, 10, 0}), v5));
  CHECK_FALSE(decode_unsuback(bytes({0, 0}), v3));
  CHECK_FALSE(decode_unsuback(bytes({0, 10, 0}), v3));
}

TEST_CASE("codec: PUBLISH is as the example of MQTT 3.1.1, figure 3.11, has it") {
  std::string out;
  append_publish(out, v3, {"a/b", "", "", Qos::at_least_once, false}, 10);
  CHECK(out == bytes({0x32, 7, 0, 3, 'a', '/', 'b', 0, 10}));
  out.clear();
  append_publish(out, v3, {"a/b", "xy", "", Qos::at_most_once, true}, 10);
  CHECK(out == bytes({0x31, 7, 0, 3, 'a', '/', 'b', 'x', 'y'}));
  out.clear();
  append_publish(out, v5, {"a/b", "xy", "\x01\x01", Qos::at_least_once, false}, 10);
  CHECK(out == bytes({0x32, 12, 0, 3, 'a', '/', 'b', 0, 10, 2, 1, 1, 'x', 'y'}));
}

TEST_CASE("codec: what is published is delivered as it was") {
  check_property("round trip", [](const std::string& payload, bool retain, bool at_least_once) {
    const auto topic = *topics();
    const auto version = *rc::gen::element(v3, v5);
    const auto more = *rc::gen::element<std::size_t>(0, 100, 16'300, 2'097'100);
    const std::string properties = version == v5 && retain ? bytes({1, 1, 3, 0, 1, 'x'}) : "";
    const auto whole = payload + std::string(more, 'x');
    const auto qos = at_least_once ? Qos::at_least_once : Qos::at_most_once;
    const Message message{topic, whole, properties, qos, retain};
    std::string out;
    append_publish(out, version, message, 77);
    RC_ASSERT(out.size() == publish_bytes(version, message));
    const auto frame = frame_of(out, 4 << 20);
    RC_ASSERT(frame.state == State::whole);
    RC_ASSERT(frame.size == out.size());
    Delivery delivery;
    RC_ASSERT(decode_publish(frame.flags, frame.body, version, delivery));
    RC_ASSERT(delivery.message.topic == topic);
    RC_ASSERT(delivery.message.payload == whole);
    RC_ASSERT(delivery.message.properties == properties);
    RC_ASSERT(delivery.message.qos == qos);
    RC_ASSERT(delivery.message.retain == retain);
    RC_ASSERT(!delivery.duplicate);
    RC_ASSERT(delivery.packet_id == (at_least_once ? 77 : 0));
  });
}

TEST_CASE("codec: a packet is whole only with its last byte") {
  for (const std::size_t size : {0, 1, 127, 128, 16'383, 16'384, 40'000}) {
    auto whole = packet(0x30, std::string(size, 'x'));
    for (std::size_t length = 0; length < whole.size(); length += length < 10 ? 1 : 997) {
      CHECK(state_of(whole.substr(0, length)) == State::partial);
    }
    CHECK(state_of(whole) == State::whole);
    const auto with_next = whole + "x";
    CHECK(state_of(with_next) == State::whole);
  }
}

TEST_CASE("codec: a packet over the limit is refused before its body has come") {
  CHECK(state_of(bytes({0x30, 0xff, 0xff, 0xff, 0x7f})) == State::too_large);
  CHECK(state_of(packet(0x30, std::string(98, 'x')), 100) == State::whole);
  CHECK(state_of(packet(0x30, std::string(99, 'x')), 100) == State::too_large);
}

TEST_CASE("codec: malformed fixed headers are refused") {
  CHECK(state_of(bytes({0x00, 0})) == State::malformed);                       // type 0
  CHECK(state_of(bytes({0x36, 0})) == State::malformed);                       // QoS 3
  CHECK(state_of(bytes({0x41, 2, 0, 1})) == State::malformed);                 // PUBACK with flags
  CHECK(state_of(bytes({0x60, 2, 0, 1})) == State::malformed);                 // PUBREL without
  CHECK(state_of(bytes({0x30, 0x80, 0x80, 0x80, 0x80})) == State::malformed);  // five bytes
  CHECK(state_of(bytes({0x30, 0x80, 0x00})) == State::malformed);              // zero in two bytes
}

TEST_CASE("codec: CONNACK tells what the broker grants") {
  const auto plain = decode_connack(bytes({1, 0}), v3);
  REQUIRE(plain);
  CHECK(plain->limits.session_present);
  CHECK(plain->limits.protocol == v3);
  CHECK(plain->limits.receive_maximum == 65'535);
  const auto body = rich_connack();
  const auto rich = decode_connack(body, v5);
  REQUIRE(rich);
  CHECK(rich->limits.session_present);
  CHECK(rich->limits.receive_maximum == 20);
  CHECK(rich->limits.maximum_qos == Qos::at_least_once);
  CHECK_FALSE(rich->limits.retain_available);
  CHECK(rich->limits.maximum_packet_bytes == 65'536);
  CHECK(rich->keep_alive_s == 60);
  CHECK(rich->reason_text == "welcome");
  CHECK(rich->server_reference == "other");
}

TEST_CASE("codec: a broker of MQTT 3.1.1 refuses MQTT 5 in its own form") {
  const auto ack = decode_connack(bytes({0, 1}), v5);
  REQUIRE(ack);
  CHECK(ack->reason == 1);
  CHECK_FALSE(decode_connack(bytes({0, 0}), v5));
}

TEST_CASE("codec: a CONNACK that breaks the rules is refused") {
  for (const auto& body : {
           bytes({2, 0, 0}),                        // a reserved flag
           bytes({1, 0x87, 0}),                     // a session, and refused
           bytes({0, 0, 0, 0}),                     // a byte too many
           bytes({0, 0, 6, 33, 0, 1, 33, 0, 1}),    // a property twice
           bytes({0, 0, 3, 33, 0, 0}),              // receive maximum 0
           bytes({0, 0, 5, 39, 0, 0, 0, 0}),        // maximum packet size 0
           bytes({0, 0, 2, 36, 2}),                 // maximum QoS 2
           bytes({0, 0, 2, 1, 1}),                  // a property of PUBLISH
           bytes({0, 0, 2, 99, 1}),                 // no property at all
           bytes({0, 0, 2, 33, 0}),                 // cut short
           bytes({0, 0, 5, 31, 0, 2, 0xc3, 0x28}),  // no UTF-8
           bytes({0, 0, 4, 31, 0, 1, 0}),           // U+0000
           bytes({0, 0, 0x80, 0}),                  // zero in two bytes
       }) {
    CHECK_FALSE(decode_connack(body, v5));
  }
}

TEST_CASE("codec: PUBACK and SUBACK of both versions") {
  CHECK(decode_answer(bytes({1, 2}), v3)->packet_id == 258);
  CHECK(decode_answer(bytes({1, 2}), v5)->reason == 0);
  CHECK(decode_answer(bytes({1, 2, 0x87}), v5)->reason == 0x87);
  CHECK(decode_answer(bytes({1, 2, 0x10, 5, 31, 0, 2, 'o', 'k'}), v5)->reason == 0x10);
  CHECK_FALSE(decode_answer(bytes({1, 2, 0}), v3));
  CHECK_FALSE(decode_answer(bytes({0, 0}), v5));
  CHECK_FALSE(decode_answer(bytes({1}), v5));
  CHECK(decode_suback(bytes({0, 3, 1}), v3)->reason == 1);
  CHECK(decode_suback(bytes({0, 3, 0x80}), v3)->reason == 0x80);
  CHECK(decode_suback(bytes({0, 3, 0, 0x8f}), v5)->reason == 0x8f);
  CHECK_FALSE(decode_suback(bytes({0, 3, 0, 3}), v5));
  CHECK_FALSE(decode_suback(bytes({0, 3, 0, 1, 1}), v5));
  CHECK_FALSE(decode_suback(bytes({0, 3}), v3));
}

TEST_CASE("codec: DISCONNECT tells why") {
  CHECK(decode_disconnect("")->reason == 0);
  const auto body = bytes({0x9c, 10, 31, 0, 2, 'n', 'o', 28, 0, 2, 'h', 'q'});
  const auto farewell = decode_disconnect(body);
  REQUIRE(farewell);
  CHECK(farewell->reason == 0x9c);
  CHECK(farewell->reason_text == "no");
  CHECK(farewell->server_reference == "hq");
  CHECK_FALSE(decode_disconnect(bytes({0x9c, 3, 33, 0, 1})));
}

TEST_CASE("codec: subscription identifiers are taken out of a PUBLISH, wherever they stand") {
  const auto identifier = bytes({11, 0x80, 1});
  const auto one = bytes({1, 1});
  const auto two = bytes({38}) + text("name") + text("value");
  const auto deliver = [&](const std::string& block) {
    auto body = text("a") + bytes({0, 1, static_cast<int>(block.size())}) + block + "payload";
    Delivery delivery;
    REQUIRE(decode_publish(2, span_of(body), v5, delivery));
    CHECK(delivery.message.payload == "payload");
    CHECK(delivery.message.topic == "a");
    return std::string(delivery.message.properties);
  };
  CHECK(deliver(identifier) == "");
  CHECK(deliver(identifier + one + two) == one + two);
  CHECK(deliver(one + identifier + identifier + two + identifier) == one + two);
  // What makes no sense stays as it is, for whoever sets it aside.
  CHECK(deliver(one + bytes({99}) + identifier) == one + bytes({99}) + identifier);
}

TEST_CASE("codec: an illegal topic is no reason to refuse the packet") {
  auto body = text(bytes({0xc3, 0x28, 0})) + bytes({0, 1});
  Delivery delivery;
  CHECK(decode_publish(2, span_of(body), v3, delivery));
  body = text("") + bytes({0, 1});
  CHECK(decode_publish(2, span_of(body), v3, delivery));
}

TEST_CASE("codec: every packet cut short is refused") {
  const std::pair<Protocol, std::string> packets[] = {
      {v3, packet(0x20, bytes({0, 0}))},
      {v5, packet(0x20, rich_connack())},
      {v3, packet(0x40, bytes({0, 1}))},
      {v3, packet(0x90, bytes({0, 1, 1}))},
      {v5, packet(0x90, bytes({0, 1, 5, 31, 0, 2, 'o', 'k', 1}))},
  };
  for (const auto& [version, whole] : packets) {
    auto copy = whole;
    CHECK(readable(frame_of(copy), version));
    const auto body = std::string(body_of(frame_of(copy)));
    for (std::size_t length = 0; length < body.size(); ++length) {
      auto cut = packet(whole[0], body.substr(0, length));
      CHECK_FALSE(readable(frame_of(cut), version));
    }
  }
  // The payload has no length of its own: a PUBLISH can be cut there.
  const auto body = text("a/b") + bytes({0, 1, 2, 1, 1});
  for (std::size_t length = 0; length < body.size(); ++length) {
    auto cut = packet(0x32, body.substr(0, length));
    CHECK_FALSE(readable(frame_of(cut), v5));
  }
}

TEST_CASE("codec: no bytes whatever make it read past the end") {
  check_property("random packets", [](const std::string& noise) {
    const auto head = *rc::gen::element(0x20, 0x30, 0x32, 0x3b, 0x40, 0x90, 0xe0);
    // Bytes of their own, so that a sanitizer sees a step beyond.
    auto whole = packet(head, noise);
    const auto copy = std::make_unique<char[]>(whole.size());
    std::copy(whole.begin(), whole.end(), copy.get());
    const auto frame = next_frame({copy.get(), whole.size()}, large);
    if (frame.state == State::whole) readable(frame, *rc::gen::element(v3, v5));
  });
}

}  // namespace bascule::test
