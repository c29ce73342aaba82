// JSON in its canonical form: members sorted, no spaces, numbers in their shortest form. Two values
// are the same if and only if their texts are.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace bascule::conflict {

using Json = nlohmann::json;

// A discarded value (is_discarded()) if it is no JSON.
inline Json parse_json(std::string_view text) { return Json::parse(text, nullptr, false); }

}  // namespace bascule::conflict
