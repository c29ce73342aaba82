// Topics and filters: UTF-8 as a second, slower reading of the rules sees it, and what filters
// promise about each other. The input is two filters and a topic, with NUL between them.
#include "message/topic.hpp"

#include <cstdint>
#include <string>

#include "claim.hpp"

using namespace bascule;

namespace {

// One character at the front; 0 if there is none. RFC 3629, section 4, without U+0000.
std::size_t character(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t bytes = at(0) < 0x80 ? 1 : at(0) < 0xe0 ? 2 : at(0) < 0xf0 ? 3 : 4;
  if (at(0) == 0 || (at(0) >= 0x80 && at(0) < 0xc0) || at(0) > 0xf7) return 0;
  if (text.size() < bytes) return 0;
  std::uint32_t code = bytes == 1 ? at(0) : at(0) & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (at(i) & 0x3f);
  }
  const std::uint32_t least[] = {0, 1, 0x80, 0x800, 0x1'0000};
  if (code < least[bytes] || code > 0x10'ffff || (code >= 0xd800 && code < 0xe000)) return 0;
  return bytes;
}

bool well_formed(std::string_view text) {
  if (text.size() > 65'535) return false;
  while (!text.empty()) {
    const auto bytes = character(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string take(std::string_view& rest) {
  const auto part = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return std::string(part);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  CLAIM(valid_utf8(rest) == well_formed(rest));
  const auto a = take(rest), b = take(rest);
  const std::string topic(rest);
  std::string why;
  const bool names = valid_topic(topic, &why);
  CLAIM(names == why.empty());
  CLAIM(!names || (valid_utf8(topic) && topic.find_first_of("+#") == std::string::npos));
  if (!valid_filter(a) || !valid_filter(b)) return 0;

  CLAIM(covers(a, a));
  CLAIM(overlap(a, b) == overlap(b, a));
  const auto common = meet(a, b), both = join(a, b);
  CLAIM(common.empty() == !overlap(a, b));
  if (!common.empty()) CLAIM(valid_filter(common) && covers(a, common) && covers(b, common));
  if (!both.empty()) CLAIM(valid_filter(both) && covers(both, a) && covers(both, b));
  if (!names) return 0;
  const bool in_a = matches(a, topic), in_b = matches(b, topic);
  if (in_a && covers(b, a)) CLAIM(in_b);
  CLAIM((in_a && in_b) == (!common.empty() && matches(common, topic)));
  if (!both.empty() && (in_a || in_b)) CLAIM(matches(both, topic));
  return 0;
}
