// JSON as text: what is no UTF-8 in a string becomes U+FFFD, since topics and payloads may be that.
#pragma once

#include <string>

namespace bascule {

// `Json` is one of nlohmann's types. `indent`: blanks a level; -1: one line.
template <class Json>
std::string json_text(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace bascule
