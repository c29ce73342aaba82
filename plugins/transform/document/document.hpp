// Payloads as JSON documents, and back. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sdk/json.hpp"

namespace bascule::transform {

using sdk::Json;

// What a payload is taken for.
enum class PayloadKind {
  json,
  text,    // the document is a text, whatever it says
  base64,  // any bytes; the document is a text, their base64
};

// A payload that nests deeper does not fit: how deep a device nests must not be the stack's
// concern.
constexpr int depth_max = 64;

// Nothing, and `why` says why: "is no JSON".
std::optional<Json> read_document(PayloadKind kind, std::string_view payload, std::string& why);

// In the canonical form (sdk/json.hpp); nothing: a text in it is no UTF-8.
std::optional<std::string> written(const Json& document);

}  // namespace bascule::transform
