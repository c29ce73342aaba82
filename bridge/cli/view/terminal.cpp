#include "cli/view/terminal.hpp"

#include <cstdint>

namespace bascule {

namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Characters that steer instead of being seen: controls, and marks that turn the reading direction.
bool steers(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x200e || point == 0x200f ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

// The bytes of the visible character at the start of `text`; 0 if there is none.
std::size_t glyph(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  std::uint32_t point = length == 1 ? first : first & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return 0;
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  if (point < smallest[length] || point > 0x10ffff || surrogate || steers(point)) return 0;
  return length;
}

bool white(char c) { return c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

std::string escaped(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = glyph(text);
    if (length > 0) {
      safe += text.substr(0, length);
    } else if (white(text[0])) {
      safe += text[0] == '\n' ? "\\n" : text[0] == '\r' ? "\\r" : "\\t";
    } else {
      const auto byte = static_cast<unsigned char>(text[0]);
      safe += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    text.remove_prefix(length > 0 ? length : 1);
  }
  return safe;
}

bool readable(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = white(bytes[0]) ? 1 : glyph(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 3);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text += ' ';
    text += {digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) columns += !continues(c);
  return columns;
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (width(text) <= columns) return std::string(text);
  std::size_t end = 0;
  for (std::size_t kept = 0; end < text.size(); ++end) {
    if (!continues(text[end]) && ++kept == columns) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace bascule
