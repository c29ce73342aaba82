#include "wire.hpp"

#include <stdexcept>

namespace load {

namespace {

void append_variable(std::string& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

void append_text(std::string& out, std::string_view text) {
  append_u16(out, static_cast<unsigned>(text.size()));
  out += text;
}

void append_packet(std::string& out, unsigned head, std::string_view body) {
  out += static_cast<char>(head);
  append_variable(out, body.size());
  out += body;
}

std::size_t take_number(std::string_view& rest, std::size_t bytes) {
  if (rest.size() < bytes) throw std::runtime_error("the broker sent a packet that is too short");
  std::size_t value = 0;
  for (const unsigned char byte : rest.substr(0, bytes)) value = value << 8 | byte;
  rest.remove_prefix(bytes);
  return value;
}

std::string_view take(std::string_view& rest, std::size_t bytes) {
  if (rest.size() < bytes) throw std::runtime_error("the broker sent a packet that is too short");
  const auto taken = rest.substr(0, bytes);
  rest.remove_prefix(bytes);
  return taken;
}

std::size_t take_variable(std::string_view& rest) {
  std::size_t value = 0;
  for (int shift = 0; shift < 28; shift += 7) {
    const auto byte = take_number(rest, 1);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw std::runtime_error("the broker sent a length of more than four bytes");
}

}  // namespace

void append_u16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void append_connect(std::string& out, Protocol protocol, std::string_view client_id, bool session,
                    unsigned receive_maximum) {
  std::string body;
  append_text(body, "MQTT");
  body += static_cast<char>(protocol);
  body += static_cast<char>(session ? 0 : 2);
  append_u16(body, 0);  // no keep alive: a load may have nothing to say for long
  if (protocol == Protocol::v5) {
    std::string properties;
    properties += static_cast<char>(17);  // session expiry interval
    append_u16(properties, 0);
    append_u16(properties, session ? 3'600 : 0);
    properties += static_cast<char>(33);  // receive maximum
    append_u16(properties, receive_maximum);
    append_variable(body, properties.size());
    body += properties;
  }
  append_text(body, client_id);
  append_packet(out, 0x10, body);
}

void append_subscribe(std::string& out, Protocol protocol, std::string_view filter) {
  std::string body;
  append_u16(body, 1);
  if (protocol == Protocol::v5) append_variable(body, 0);
  append_text(body, filter);
  body += static_cast<char>(1);
  append_packet(out, 0x82, body);
}

void append_puback(std::string& out, unsigned packet_id) {
  append_u16(out, 0x4002);
  append_u16(out, packet_id);
}

PublishTemplate::PublishTemplate(Protocol protocol, std::string_view topic,
                                 std::size_t payload_bytes) {
  std::string head;
  append_text(head, topic);
  const auto id_in_head = head.size();
  append_u16(head, 0);
  if (protocol == Protocol::v5) append_variable(head, 0);
  bytes += static_cast<char>(0x32);
  append_variable(bytes, head.size() + payload_bytes);
  packet_id_at = bytes.size() + id_in_head;
  payload_at = bytes.size() + head.size();
  bytes += head;
  bytes.append(payload_bytes, 'x');
}

RequestTemplate::RequestTemplate(std::string_view topic, std::string_view response_topic,
                                 std::string_view payload) {
  std::string properties;
  properties += static_cast<char>(8);
  append_text(properties, response_topic);
  properties += static_cast<char>(9);
  append_text(properties, std::string(8, '\0'));
  std::string head;
  append_text(head, topic);
  const auto id_in_head = head.size();
  append_u16(head, 0);
  append_variable(head, properties.size());
  head += properties;
  bytes += static_cast<char>(0x32);
  append_variable(bytes, head.size() + payload.size());
  packet_id_at = bytes.size() + id_in_head;
  number_at = bytes.size() + head.size() - 8;
  bytes += head;
  bytes += payload;
}

void RequestTemplate::number(unsigned packet_id, std::uint64_t number) {
  bytes[packet_id_at] = static_cast<char>(packet_id >> 8);
  bytes[packet_id_at + 1] = static_cast<char>(packet_id);
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[number_at + i] = static_cast<char>(number >> (56 - 8 * i));
  }
}

Packet next_packet(std::string_view bytes) {
  Packet packet;
  std::size_t length = 0;
  for (std::size_t i = 1; i < bytes.size() && i <= 4; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    length |= static_cast<std::size_t>(byte & 0x7f) << 7 * (i - 1);
    if (byte >= 0x80) {
      if (i == 4) throw std::runtime_error("the broker sent a length of more than four bytes");
      continue;
    }
    if (bytes.size() < 1 + i + length) break;
    const unsigned head = static_cast<unsigned char>(bytes[0]);
    return {head >> 4, head & 15, bytes.substr(1 + i, length), 1 + i + length};
  }
  return packet;
}

Publish read_publish(Protocol protocol, const Packet& packet) {
  Publish publish;
  std::string_view rest = packet.body;
  take(rest, take_number(rest, 2));
  if ((packet.flags & 6) != 0) publish.packet_id = static_cast<unsigned>(take_number(rest, 2));
  if (protocol == Protocol::v5) publish.properties = take(rest, take_variable(rest));
  publish.payload = rest;
  return publish;
}

namespace {

// The first property with this id; of user properties the first of that name.
std::string_view find_property(std::string_view block, std::size_t wanted, std::string_view name) {
  while (!block.empty()) {
    const auto id = take_number(block, 1);
    switch (id) {
      case 1:
        take(block, 1);
        break;
      case 2:
        take(block, 4);
        break;
      case 11:
        take_variable(block);
        break;
      case 3:
      case 8:
      case 9: {
        const auto value = take(block, take_number(block, 2));
        if (id == wanted) return value;
        break;
      }
      case 38: {
        const auto key = take(block, take_number(block, 2));
        const auto value = take(block, take_number(block, 2));
        if (id == wanted && key == name) return value;
        break;
      }
      default:
        throw std::runtime_error("the broker sent a property that is none of a PUBLISH");
    }
  }
  return {};
}

}  // namespace

std::string_view user_property(std::string_view block, std::string_view name) {
  return find_property(block, 38, name);
}

std::string_view correlation_data(std::string_view block) { return find_property(block, 9, {}); }

}  // namespace load
