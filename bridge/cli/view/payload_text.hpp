// A payload as text for people. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

// Bytes of a payload that its preview can use; more need not be asked for.
inline constexpr std::size_t preview_bytes = 64;

// The payload of an answer's message, {"payload_base64", "bytes"}: as text if it is that, otherwise
// in hex. Not `whole`: its beginning, in one line of a table.
std::string payload_text(const nlohmann::json& message, bool whole);

}  // namespace bascule
