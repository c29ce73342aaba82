#include "conflict/record/hlc.hpp"

#include <charconv>

namespace bascule::conflict {

std::string text(const Hlc& stamp) {
  return std::to_string(stamp.ms) + '-' + std::to_string(stamp.counter) + '-' + stamp.origin;
}

std::optional<Hlc> parse_hlc(std::string_view text) {
  Hlc stamp;
  const auto* end = text.data() + text.size();
  const auto ms = std::from_chars(text.data(), end, stamp.ms);
  if (ms.ec != std::errc() || ms.ptr == end || *ms.ptr != '-' || stamp.ms < 0) return std::nullopt;
  const auto counter = std::from_chars(ms.ptr + 1, end, stamp.counter);
  if (counter.ec != std::errc() || counter.ptr == end || *counter.ptr != '-') return std::nullopt;
  stamp.origin.assign(counter.ptr + 1, end);
  if (stamp.origin.empty() || stamp.origin.size() > 64) return std::nullopt;
  return stamp;
}

Hlc next_stamp(const Hlc& last, std::int64_t wall_ms, std::string_view origin) {
  if (wall_ms > last.ms) return {wall_ms, 0, std::string(origin)};
  return {last.ms, last.counter + 1, std::string(origin)};
}

Hlc lifted(const Hlc& stamp, const Hlc& seen) {
  if (seen < stamp) return stamp;
  return {seen.ms, seen.counter + 1, stamp.origin};
}

void write(Writer& out, const Hlc& stamp) {
  out.integer(stamp.ms).number(stamp.counter).text(stamp.origin);
}

Hlc read_hlc(Reader& in) {
  Hlc stamp;
  stamp.ms = in.integer();
  stamp.counter = static_cast<std::uint32_t>(in.number());
  stamp.origin = in.text();
  return stamp;
}

}  // namespace bascule::conflict
