#include "control/query/message_answer.hpp"

#include <string>

#include "base64.hpp"
#include "message/properties.hpp"

namespace bascule {

using nlohmann::json;

json properties_answer(std::string_view block) {
  json properties = json::array();
  PropertyReader reader(block);
  while (const auto property = reader.next()) {
    switch (property->id) {
      case PropertyId::payload_format:
        properties.push_back(
            {{"name", "payload format"}, {"value", std::to_string(property->number)}});
        break;
      case PropertyId::message_expiry:
        properties.push_back(
            {{"name", "message expiry"}, {"value", std::to_string(property->number) + " s"}});
        break;
      case PropertyId::content_type:
        properties.push_back({{"name", "content type"}, {"value", property->value}});
        break;
      case PropertyId::response_topic:
        properties.push_back({{"name", "response topic"}, {"value", property->value}});
        break;
      case PropertyId::correlation_data:
        properties.push_back({{"name", "correlation data"}, {"value", to_base64(property->value)}});
        break;
      case PropertyId::user_property:
        properties.push_back({{"name", property->name}, {"value", property->value}});
        break;
    }
  }
  return properties;
}

}  // namespace bascule
