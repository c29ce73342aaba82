#include "message/own.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "message/message.hpp"

namespace bascule {

std::string own_topic(std::string_view bridge_id, std::string_view what) {
  std::string topic = "bascule/";
  topic.append(bridge_id);
  std::replace(topic.begin(), topic.end(), '.', '~');
  return topic.append("/").append(what);
}

Message own_message(std::string_view topic, std::string_view payload, bool retain) {
  return {topic, payload, {}, Qos::at_least_once, retain};
}

}  // namespace bascule
