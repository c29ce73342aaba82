// A stamp from another bridge, or from someone who pretends to be one.
#include "message/stamp.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "claim.hpp"

using namespace bascule;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> bytes(data, data + size);
  const std::string_view text(bytes.data(), bytes.size());
  CLAIM(hops(text) >= 0);
  if (!text.empty() && text.find(',') == std::string_view::npos) CLAIM(passed(text, text));
  const auto stamp = parse_stamp(text);
  if (!stamp) return 0;
  CLAIM(stamp->sequence > 0 && stamp->captured_ms >= 0);
  const auto formatted = format_stamp(*stamp);
  const auto again = parse_stamp(formatted);
  CLAIM(again.has_value());
  CLAIM(again->origin == stamp->origin && again->epoch == stamp->epoch);
  CLAIM(again->lane == stamp->lane && again->sequence == stamp->sequence);
  CLAIM(again->captured_ms == stamp->captured_ms && again->proof == stamp->proof);
  return 0;
}
