#include "link/paho/paho_properties.hpp"

#include "message/properties.hpp"

namespace bascule {

namespace {

std::string_view view(const MQTTLenString& text) {
  if (!text.data) return {};
  return {text.data, static_cast<std::size_t>(text.len)};
}

mqtt::string_ref copy(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void encode_properties(const mqtt::properties& properties, std::string& block) {
  block.clear();
  const auto& list = properties.c_struct();
  for (int i = 0; i < list.count; ++i) {
    const auto& given = list.array[i];
    Property property;
    property.id = static_cast<PropertyId>(given.identifier);
    switch (property.id) {
      case PropertyId::payload_format:
        property.number = given.value.byte;
        break;
      case PropertyId::message_expiry:
        property.number = given.value.integer4;
        break;
      case PropertyId::content_type:
      case PropertyId::response_topic:
      case PropertyId::correlation_data:
        property.value = view(given.value.data);
        break;
      case PropertyId::user_property:
        property.name = view(given.value.data);
        property.value = view(given.value.value);
        break;
      default:
        continue;
    }
    append_property(block, property);
  }
}

mqtt::properties decode_properties(std::string_view block) {
  mqtt::properties properties;
  PropertyReader reader(block);
  while (const auto property = reader.next()) {
    const auto code = static_cast<mqtt::property::code>(property->id);
    switch (property->id) {
      case PropertyId::payload_format:
      case PropertyId::message_expiry:
        properties.add({code, static_cast<std::int32_t>(property->number)});
        break;
      case PropertyId::user_property:
        properties.add({code, copy(property->name), copy(property->value)});
        break;
      default:
        properties.add({code, copy(property->value)});
    }
  }
  return properties;
}

}  // namespace bascule
