// The MQTT 5 properties that cross: payload format indicator, message expiry interval, content
// type, response topic, correlation data and user properties, kept in their wire encoding
// (MQTT 5, section 2.2.2.2, without the length prefix). Topic alias and subscription identifier
// belong to one connection and never get here. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

// The identifiers of MQTT 5, table 2-4, that an application message carries end to end.
enum class PropertyId : std::uint8_t {
  payload_format = 1,
  message_expiry = 2,
  content_type = 3,
  response_topic = 8,
  correlation_data = 9,
  user_property = 38,
};

// One property. Which members hold something depends on the id: `number` for payload_format and
// message_expiry (seconds), `value` for the texts, `name` and `value` for a user property.
// The views point into the block that was read.
struct Property {
  PropertyId id = PropertyId::user_property;
  std::uint32_t number = 0;
  std::string_view name;
  std::string_view value;
};

// Walks a block. next() returns the next property, or nothing at the end or at the first byte
// that is not a property of the six; ok() then tells the two apart.
class PropertyReader {
 public:
  explicit PropertyReader(std::string_view block) : rest_(block) {}
  std::optional<Property> next();
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Whether a broker would take the block: the whole of it can be read, each single-valued property
// stands at most once, every text is valid MQTT UTF-8, the payload format is 0 or 1, and the
// response topic is a valid topic.
bool valid_properties(std::string_view block);

// Appends one property in wire encoding. Texts over 65,535 bytes do not fit the encoding: nothing
// is appended and false is returned.
bool append_property(std::string& block, const Property& property);

// The message expiry interval of a block in seconds, if it has one.
std::optional<std::uint32_t> message_expiry_s(std::string_view block);

// The first user property with this name.
std::optional<std::string_view> user_property(std::string_view block, std::string_view name);

}  // namespace bascule
