// How a message stands in an answer: what of it can be JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace bascule {

// [{"name", "value"}] of a block of MQTT 5 properties.
nlohmann::json properties_answer(std::string_view block);

}  // namespace bascule
