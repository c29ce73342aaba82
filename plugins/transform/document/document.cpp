#include "transform/document/document.hpp"

#include <cstdint>

namespace bascule::transform {

namespace {

// Brackets within texts do not count; of what is no JSON the depth is of no importance.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      if (c == '\\') ++i;
    } else if (c == '[' || c == '{') {
      if (++depth > depth_max) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? std::uint32_t(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    text += digits[three >> 18];
    text += digits[three >> 12 & 63];
    text += i + 1 < bytes.size() ? digits[three >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? digits[three & 63] : '=';
  }
  return text;
}

}  // namespace

std::optional<Json> read_document(PayloadKind kind, std::string_view payload, std::string& why) {
  if (kind == PayloadKind::text) return Json(payload);
  if (kind == PayloadKind::base64) return Json(base64(payload));
  if (too_deep(payload)) {
    why = "nests deeper than " + std::to_string(depth_max);
    return std::nullopt;
  }
  Json document = sdk::parse_json(payload);
  if (!document.is_discarded()) return document;
  why = payload.empty() ? "is empty" : "is no JSON";
  return std::nullopt;
}

std::optional<std::string> written(const Json& document) {
  try {
    return document.dump();
  } catch (const Json::type_error&) {
    return std::nullopt;
  }
}

}  // namespace bascule::transform
