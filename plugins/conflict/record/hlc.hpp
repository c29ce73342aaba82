// Hybrid logical clock stamps: (ms since 1970, counter, origin), a total order that respects what
// was seen: a stamp made after another one was seen is greater. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "conflict/record/encoding.hpp"

namespace bascule::conflict {

struct Hlc {
  std::int64_t ms = 0;
  std::uint32_t counter = 0;
  std::string origin;  // the bridge that stamped

  auto operator<=>(const Hlc&) const = default;
};

// "1763817600123-4-store-42": ms, counter, origin.
std::string text(const Hlc& stamp);
std::optional<Hlc> parse_hlc(std::string_view text);

// The next stamp of `origin`: greater than `last`, and not before `wall_ms`.
Hlc next_stamp(const Hlc& last, std::int64_t wall_ms, std::string_view origin);

// The least stamp with the origin of `stamp` that is not less than it, and greater than `seen`.
Hlc lifted(const Hlc& stamp, const Hlc& seen);

void write(Writer& out, const Hlc& stamp);
Hlc read_hlc(Reader& in);

}  // namespace bascule::conflict
