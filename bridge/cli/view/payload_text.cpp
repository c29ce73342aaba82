#include "cli/view/payload_text.hpp"

#include "base64.hpp"
#include "cli/view/terminal.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

constexpr std::size_t preview_columns = 48;

// Cut bytes may end within a character; then this one goes.
void drop_last_character(std::string& bytes) {
  while (!bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0xc0) == 0x80) {
    bytes.pop_back();
  }
  if (!bytes.empty() && static_cast<unsigned char>(bytes.back()) >= 0xc0) bytes.pop_back();
}

}  // namespace

std::string payload_text(const nlohmann::json& message, bool whole) {
  auto payload = from_base64(text_of(message, "payload_base64"));
  if (!payload) return "(not valid base64)";
  const bool cut = payload->size() < count_of(message, "bytes");
  if (cut) drop_last_character(*payload);
  if (!whole && payload->size() > preview_bytes) {
    payload->resize(preview_bytes);
    drop_last_character(*payload);
  }
  const std::string text = readable(*payload) ? escaped(*payload) : hex(*payload);
  if (whole) return text;
  const bool more = payload->size() < count_of(message, "bytes");
  return shortened(more ? text + "…" : text, preview_columns);
}

}  // namespace bascule
