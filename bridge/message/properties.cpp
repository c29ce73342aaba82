#include "message/properties.hpp"

#include "message/topic.hpp"

namespace bascule {
namespace {

constexpr std::size_t text_bytes_max = 65'535;

// The next `bytes` bytes as a big-endian number, taken off `rest`.
std::optional<std::uint32_t> take_number(std::string_view& rest, std::size_t bytes) {
  if (rest.size() < bytes) return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    number = number << 8 | static_cast<unsigned char>(rest[i]);
  }
  rest.remove_prefix(bytes);
  return number;
}

// The next text or binary data with its length of two bytes, taken off `rest`.
bool take_text(std::string_view& rest, std::string_view& text) {
  const auto length = take_number(rest, 2);
  if (!length || rest.size() < *length) return false;
  text = rest.substr(0, *length);
  rest.remove_prefix(*length);
  return true;
}

bool take_property(std::string_view& rest, Property& property) {
  property.id = static_cast<PropertyId>(rest[0]);
  rest.remove_prefix(1);
  switch (property.id) {
    case PropertyId::payload_format:
    case PropertyId::message_expiry: {
      const auto number = take_number(rest, property.id == PropertyId::payload_format ? 1 : 4);
      property.number = number.value_or(0);
      return number.has_value();
    }
    case PropertyId::content_type:
    case PropertyId::response_topic:
    case PropertyId::correlation_data:
      return take_text(rest, property.value);
    case PropertyId::user_property:
      return take_text(rest, property.name) && take_text(rest, property.value);
  }
  return false;
}

void append_text(std::string& block, std::string_view text) {
  const char size[] = {static_cast<char>(text.size() >> 8), static_cast<char>(text.size())};
  block.append(size, sizeof size).append(text);
}

bool valid_value(const Property& property) {
  switch (property.id) {
    case PropertyId::payload_format:
      return property.number <= 1;
    case PropertyId::content_type:
      return valid_utf8(property.value);
    case PropertyId::response_topic:
      return valid_topic(property.value);
    case PropertyId::user_property:
      return valid_utf8(property.name) && valid_utf8(property.value);
    case PropertyId::message_expiry:
    case PropertyId::correlation_data:
      return true;
  }
  return false;
}

}  // namespace

std::optional<Property> PropertyReader::next() {
  if (rest_.empty() || !ok_) return std::nullopt;
  Property property;
  ok_ = take_property(rest_, property);
  if (!ok_) return std::nullopt;
  return property;
}

bool valid_properties(std::string_view block) {
  std::uint64_t seen = 0;
  PropertyReader reader(block);
  while (const auto property = reader.next()) {
    const auto bit = std::uint64_t{1} << static_cast<unsigned>(property->id);
    if (property->id != PropertyId::user_property && (seen & bit)) return false;
    seen |= bit;
    if (!valid_value(*property)) return false;
  }
  return reader.ok();
}

bool append_property(std::string& block, const Property& property) {
  if (property.name.size() > text_bytes_max || property.value.size() > text_bytes_max) return false;
  block += static_cast<char>(property.id);
  switch (property.id) {
    case PropertyId::payload_format:
      block += static_cast<char>(property.number);
      break;
    case PropertyId::message_expiry:
      for (int shift = 24; shift >= 0; shift -= 8) {
        block += static_cast<char>(property.number >> shift);
      }
      break;
    case PropertyId::content_type:
    case PropertyId::response_topic:
    case PropertyId::correlation_data:
      append_text(block, property.value);
      break;
    case PropertyId::user_property:
      append_text(block, property.name);
      append_text(block, property.value);
      break;
  }
  return true;
}

std::optional<std::uint32_t> message_expiry_s(std::string_view block) {
  PropertyReader reader(block);
  while (const auto property = reader.next()) {
    if (property->id == PropertyId::message_expiry) return property->number;
  }
  return std::nullopt;
}

std::optional<std::string_view> user_property(std::string_view block, std::string_view name) {
  PropertyReader reader(block);
  while (const auto property = reader.next()) {
    if (property->id == PropertyId::user_property && property->name == name) return property->value;
  }
  return std::nullopt;
}

}  // namespace bascule
