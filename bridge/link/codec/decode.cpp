#include "link/codec/decode.hpp"

#include <cstring>
#include <utility>

#include "link/codec/reader.hpp"
#include "message/topic.hpp"

namespace bascule {

namespace {

// Table 2-4 of MQTT 5, as far as brokers send it outside of PUBLISH.
namespace id {
constexpr std::uint8_t subscription_identifier = 11;
constexpr std::uint8_t session_expiry = 17;
constexpr std::uint8_t assigned_client_id = 18;
constexpr std::uint8_t server_keep_alive = 19;
constexpr std::uint8_t authentication_method = 21;
constexpr std::uint8_t authentication_data = 22;
constexpr std::uint8_t response_information = 26;
constexpr std::uint8_t server_reference = 28;
constexpr std::uint8_t reason_string = 31;
constexpr std::uint8_t receive_maximum = 33;
constexpr std::uint8_t topic_alias_maximum = 34;
constexpr std::uint8_t maximum_qos = 36;
constexpr std::uint8_t retain_available = 37;
constexpr std::uint8_t user_property = 38;
constexpr std::uint8_t maximum_packet_size = 39;
constexpr std::uint8_t wildcard_available = 40;
constexpr std::uint8_t identifiers_available = 41;
constexpr std::uint8_t shared_available = 42;
}  // namespace id

struct ControlProperty {
  std::uint8_t id = 0;
  std::uint32_t number = 0;
  std::string_view text;
};

constexpr std::uint64_t bit(std::uint8_t property) { return std::uint64_t{1} << property; }

constexpr std::uint64_t of_answers = bit(id::reason_string) | bit(id::user_property);
constexpr std::uint64_t of_disconnect =
    of_answers | bit(id::server_reference) | bit(id::session_expiry);
constexpr std::uint64_t of_auth =
    of_answers | bit(id::authentication_method) | bit(id::authentication_data);
constexpr std::uint64_t of_connack =
    of_answers | bit(id::session_expiry) | bit(id::assigned_client_id) |
    bit(id::server_keep_alive) | bit(id::authentication_method) | bit(id::authentication_data) |
    bit(id::response_information) | bit(id::server_reference) | bit(id::receive_maximum) |
    bit(id::topic_alias_maximum) | bit(id::maximum_qos) | bit(id::retain_available) |
    bit(id::maximum_packet_size) | bit(id::wildcard_available) | bit(id::identifiers_available) |
    bit(id::shared_available);

std::string_view utf8(Reader& in) {
  const auto text = in.text();
  if (!valid_utf8(text)) in.fail();
  return text;
}

bool flag(const ControlProperty& property) { return property.number <= 1; }

ControlProperty read_value(Reader& in, std::uint8_t property_id) {
  ControlProperty property{property_id, 0, {}};
  switch (property_id) {
    case id::maximum_qos:
    case id::retain_available:
    case id::wildcard_available:
    case id::identifiers_available:
    case id::shared_available:
      property.number = in.u8();
      if (!flag(property)) in.fail();
      break;
    case id::server_keep_alive:
    case id::receive_maximum:
    case id::topic_alias_maximum:
      property.number = in.u16();
      if (property.number == 0 && property_id == id::receive_maximum) in.fail();
      break;
    case id::session_expiry:
    case id::maximum_packet_size:
      property.number = in.u32();
      if (property.number == 0 && property_id == id::maximum_packet_size) in.fail();
      break;
    case id::user_property:
      utf8(in);
      utf8(in);
      break;
    case id::authentication_data:
      in.text();
      break;
    default:
      property.text = utf8(in);
  }
  return property;
}

// Reads the length and the properties, of which each may stand once, and shows them to `take`.
template <class Take>
void read_properties(Reader& in, std::uint64_t allowed, Take take) {
  Reader block(in.take(in.variable()));
  while (in.ok() && !block.at_end()) {
    const auto property_id = block.u8();
    if (property_id > id::shared_available || !(allowed & bit(property_id))) return in.fail();
    if (property_id != id::user_property) allowed &= ~bit(property_id);
    const auto property = read_value(block, property_id);
    if (!block.ok()) return in.fail();
    take(property);
  }
}

std::string_view read_answer_properties(Reader& in) {
  std::string_view text;
  read_properties(in, of_answers, [&](const ControlProperty& property) {
    if (property.id == id::reason_string) text = property.text;
  });
  return text;
}

void apply(ConnAck& ack, const ControlProperty& property) {
  switch (property.id) {
    case id::receive_maximum:
      ack.limits.receive_maximum = property.number;
      break;
    case id::maximum_packet_size:
      ack.limits.maximum_packet_bytes = property.number;
      break;
    case id::maximum_qos:
      ack.limits.maximum_qos = static_cast<Qos>(property.number);
      ack.limits.knows_qos_2 = ack.limits.maximum_qos == Qos::exactly_once;
      break;
    case id::retain_available:
      ack.limits.retain_available = property.number != 0;
      break;
    case id::identifiers_available:
      ack.limits.identifiers_available = property.number != 0;
      break;
    case id::session_expiry:
      ack.limits.session_expiry_s = property.number;
      break;
    case id::server_keep_alive:
      ack.keep_alive_s = ack.limits.keep_alive_s = static_cast<std::uint16_t>(property.number);
      break;
    case id::reason_string:
      ack.reason_text = property.text;
      break;
    case id::server_reference:
      ack.server_reference = property.text;
      break;
    default:
      break;
  }
}

struct Identifier {
  std::size_t begin, end;  // where it stands in its block
  std::uint32_t value;
};

// The first one in a block; nothing if there is none, or something before it that is no property of
// a PUBLISH.
std::optional<Identifier> find_identifier(std::string_view block) {
  Reader in(block);
  while (!in.at_end()) {
    const auto begin = block.size() - in.rest().size();
    switch (in.u8()) {
      case 1:  // payload format
        in.u8();
        break;
      case 2:  // message expiry
        in.u32();
        break;
      case 3:  // content type
      case 8:  // response topic
      case 9:  // correlation data
        in.text();
        break;
      case id::subscription_identifier: {
        const auto value = in.variable();
        if (!in.ok()) return std::nullopt;
        return Identifier{begin, block.size() - in.rest().size(), value};
      }
      case id::user_property:
        in.text();
        in.text();
        break;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

std::string_view take_identifiers(std::span<char> block, std::uint32_t& identifier) {
  while (const auto found = find_identifier({block.data(), block.size()})) {
    const auto [begin, end, value] = *found;
    identifier = identifier == 0 ? value : several_subscriptions;
    std::memmove(block.data() + begin, block.data() + end, block.size() - end);
    block = block.first(block.size() - (end - begin));
  }
  return {block.data(), block.size()};
}

}  // namespace

std::optional<ConnAck> decode_connack(std::string_view body, Protocol version) {
  Reader in(body);
  ConnAck ack;
  const auto flags = in.u8();
  ack.reason = in.u8();
  ack.limits.session_present = (flags & 1) != 0;
  ack.limits.protocol = version;
  ack.limits.identifiers_available = version == Protocol::v5;  // unless it says otherwise
  // A broker that does not know MQTT 5 refuses in the form of the version that it knows.
  const bool old_form = version != Protocol::v5 || (ack.reason != 0 && in.at_end());
  if (!old_form) {
    read_properties(in, of_connack, [&](const ControlProperty& p) { apply(ack, p); });
  }
  if (!in.ok() || !in.at_end() || flags > 1) return std::nullopt;
  if (ack.reason != 0 && ack.limits.session_present) return std::nullopt;
  return ack;
}

std::optional<Answer> decode_answer(std::string_view body, Protocol version) {
  Reader in(body);
  Answer ack;
  ack.packet_id = in.u16();
  if (version == Protocol::v5 && !in.at_end()) {
    ack.reason = in.u8();
    if (!in.at_end()) ack.reason_text = read_answer_properties(in);
  }
  if (!in.ok() || !in.at_end() || ack.packet_id == 0) return std::nullopt;
  return ack;
}

std::optional<SubAck> decode_suback(std::string_view body, Protocol version) {
  Reader in(body);
  SubAck ack;
  ack.packet_id = in.u16();
  if (version == Protocol::v5) ack.reason_text = read_answer_properties(in);
  ack.reason = in.u8();
  if (!in.ok() || !in.at_end() || ack.packet_id == 0) return std::nullopt;
  if (ack.reason > 2 && ack.reason < 0x80) return std::nullopt;
  return ack;
}

std::optional<UnsubAck> decode_unsuback(std::string_view body, Protocol version) {
  Reader in(body);
  UnsubAck ack;
  ack.packet_id = in.u16();
  if (version == Protocol::v5) {
    read_answer_properties(in);
    ack.reasons = in.take(in.rest().size());
    if (ack.reasons.empty()) return std::nullopt;
  }
  if (!in.ok() || !in.at_end() || ack.packet_id == 0) return std::nullopt;
  return ack;
}

std::optional<Farewell> decode_disconnect(std::string_view body) {
  Reader in(body);
  Farewell farewell;
  if (!in.at_end()) farewell.reason = in.u8();
  if (!in.at_end()) {
    read_properties(in, of_disconnect, [&](const ControlProperty& property) {
      if (property.id == id::reason_string) farewell.reason_text = property.text;
      if (property.id == id::server_reference) farewell.server_reference = property.text;
    });
  }
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return farewell;
}

std::optional<Auth> decode_auth(std::string_view body) {
  Reader in(body);
  Auth auth;
  if (!in.at_end()) auth.reason = in.u8();
  if (!in.at_end()) {
    read_properties(in, of_auth, [&](const ControlProperty& property) {
      if (property.id == id::authentication_method) auth.method = property.text;
      if (property.id == id::reason_string) auth.reason_text = property.text;
    });
  }
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return auth;
}

bool decode_publish(std::uint8_t flags, std::span<char> body, Protocol version,
                    Delivery& delivery) {
  Reader in({body.data(), body.size()});
  Message& message = delivery.message;
  message.qos = static_cast<Qos>(flags >> 1 & 3);
  message.retain = (flags & 1) != 0;
  delivery.duplicate = (flags & 8) != 0;
  message.topic = in.text();
  delivery.packet_id = 0;
  delivery.identifier = 0;
  if (message.qos != Qos::at_most_once) {
    delivery.packet_id = in.u16();
    if (delivery.packet_id == 0) return false;
  }
  message.properties = {};
  if (version == Protocol::v5) {
    const auto block = in.take(in.variable());
    if (!block.empty()) {
      const auto begin = static_cast<std::size_t>(block.data() - body.data());
      message.properties = take_identifiers(body.subspan(begin, block.size()), delivery.identifier);
    }
  }
  message.payload = in.rest();
  return in.ok();
}

}  // namespace bascule
