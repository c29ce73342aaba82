#include "link/codec/encode.hpp"

#include <stdexcept>
#include <string_view>

namespace bascule {

namespace {

constexpr std::size_t text_bytes_max = 65'535;

void append_u8(std::string& out, unsigned value) { out += static_cast<char>(value); }

void append_u16(std::string& out, unsigned value) {
  const char bytes[] = {static_cast<char>(value >> 8), static_cast<char>(value)};
  out.append(bytes, sizeof bytes);
}

void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, value >> 16);
  append_u16(out, value & 0xffff);
}

void append_variable(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7) append_u8(out, (value & 0x7f) | 0x80);
  append_u8(out, static_cast<unsigned>(value));
}

constexpr std::size_t variable_bytes(std::size_t value) {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20'0000 ? 3 : 4;
}

void append_text(std::string& out, std::string_view text) {
  append_u16(out, static_cast<unsigned>(text.size()));
  out += text;
}

void append_setting(std::string& out, std::string_view text, const char* what) {
  if (text.size() > text_bytes_max) {
    throw std::length_error(std::string(what) + " is longer than 65,535 bytes");
  }
  append_text(out, text);
}

void append_authentication(std::string& properties, std::string_view method,
                           std::string_view data) {
  append_u8(properties, 21);  // authentication method
  append_setting(properties, method, "auth.method");
  append_u8(properties, 22);  // authentication data
  append_setting(properties, data, "what auth.data_file has");
}

unsigned fixed_header(PacketType type, unsigned flags) {
  return static_cast<unsigned>(type) << 4 | flags;
}

void append_packet(std::string& out, PacketType type, unsigned flags, std::string_view body) {
  append_u8(out, fixed_header(type, flags));
  append_variable(out, body.size());
  out += body;
}

// MQTT 3.1.1 has no password without a user name.
bool has_username(const ConnectPacket& packet) {
  return !packet.username.empty() || (packet.password && packet.version != Protocol::v5);
}

unsigned connect_flags(const ConnectPacket& packet) {
  constexpr unsigned clean_start = 2;
  unsigned flags = packet.keep_session ? 0 : clean_start;
  if (has_username(packet)) flags |= 0x80;
  if (packet.password) flags |= 0x40;
  if (const auto& will = packet.will) {
    flags |= 4 | static_cast<unsigned>(will->qos) << 3 | (will->retain ? 0x20 : 0);
  }
  return flags;
}

// What a PUBLISH has after its fixed header.
std::size_t publish_body_bytes(Protocol version, const Message& message) {
  std::size_t bytes = 2 + message.topic.size() + message.payload.size();
  if (message.qos != Qos::at_most_once) bytes += 2;
  if (version == Protocol::v5) {
    bytes += variable_bytes(message.properties.size()) + message.properties.size();
  }
  return bytes;
}

}  // namespace

void append_connect(std::string& out, const ConnectPacket& packet) {
  std::string body;
  append_text(body, "MQTT");
  append_u8(body, static_cast<unsigned>(packet.version));
  append_u8(body, connect_flags(packet));
  append_u16(body, packet.keep_alive_s);
  if (packet.version == Protocol::v5) {
    std::string properties;
    append_u8(properties, 17);  // session expiry interval
    append_u32(properties, packet.session_expiry_s);
    append_u8(properties, 33);  // receive maximum
    append_u16(properties, packet.receive_maximum);
    if (packet.maximum_packet_bytes != 0) {
      append_u8(properties, 39);  // maximum packet size
      append_u32(properties, packet.maximum_packet_bytes);
    }
    if (!packet.auth_method.empty()) {
      append_authentication(properties, packet.auth_method, packet.auth_data);
    }
    append_variable(body, properties.size());
    body += properties;
  }
  append_setting(body, packet.client_id, "client_id");
  if (const auto& will = packet.will) {
    if (packet.version == Protocol::v5) append_variable(body, 0);
    append_setting(body, will->topic, "the topic of the will");
    append_setting(body, will->payload, "the will");
  }
  if (has_username(packet)) append_setting(body, packet.username, "username");
  if (packet.password) append_setting(body, *packet.password, "the password");
  append_packet(out, PacketType::connect, 0, body);
}

std::size_t publish_bytes(Protocol version, const Message& message) {
  const auto body = publish_body_bytes(version, message);
  return 1 + variable_bytes(body) + body;
}

void append_publish(std::string& out, Protocol version, const Message& message,
                    std::uint16_t packet_id, bool duplicate) {
  const auto flags =
      (duplicate ? 8u : 0u) | static_cast<unsigned>(message.qos) << 1 | (message.retain ? 1u : 0u);
  append_u8(out, fixed_header(PacketType::publish, flags));
  append_variable(out, publish_body_bytes(version, message));
  append_text(out, message.topic);
  if (message.qos != Qos::at_most_once) append_u16(out, packet_id);
  if (version == Protocol::v5) {
    append_variable(out, message.properties.size());
    out += message.properties;
  }
  out += message.payload;
}

void append_answer(std::string& out, PacketType type, std::uint16_t packet_id) {
  const unsigned flags = type == PacketType::pubrel ? 2 : 0;
  append_u16(out, fixed_header(type, flags) << 8 | 2);
  append_u16(out, packet_id);
}

void append_subscribe(std::string& out, Protocol version, std::uint16_t packet_id,
                      const Subscription& subscription) {
  constexpr unsigned no_local = 4;
  constexpr unsigned retain_as_published = 8;
  constexpr unsigned retained_if_new = 1 << 4;
  std::string body;
  append_u16(body, packet_id);
  auto options = static_cast<unsigned>(subscription.qos);
  if (version == Protocol::v5) {
    std::string properties;
    if (subscription.identifier != 0) {
      append_u8(properties, 11);
      append_variable(properties, subscription.identifier);
    }
    append_variable(body, properties.size());
    body += properties;
    if (subscription.retain_as_published) options |= retain_as_published;
    if (subscription.no_local) options |= no_local;
    if (!subscription.always_retained) options |= retained_if_new;
  }
  append_setting(body, subscription.filter, "the filter of a subscription");
  append_u8(body, options);
  append_packet(out, PacketType::subscribe, 2, body);
}

void append_unsubscribe(std::string& out, Protocol version, std::uint16_t packet_id,
                        std::span<const std::string> filters) {
  std::string body;
  append_u16(body, packet_id);
  if (version == Protocol::v5) append_variable(body, 0);
  for (const auto& filter : filters) append_setting(body, filter, "a filter to unsubscribe");
  append_packet(out, PacketType::unsubscribe, 2, body);
}

void append_auth(std::string& out, std::uint8_t reason, std::string_view method,
                 std::string_view data) {
  std::string properties;
  append_authentication(properties, method, data);
  std::string body;
  append_u8(body, reason);
  append_variable(body, properties.size());
  append_packet(out, PacketType::auth, 0, body + properties);
}

void append_pingreq(std::string& out) { append_packet(out, PacketType::pingreq, 0, {}); }

void append_disconnect(std::string& out) { append_packet(out, PacketType::disconnect, 0, {}); }

}  // namespace bascule
