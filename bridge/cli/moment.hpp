// Points in time as an option takes them. Pure but for the clock.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

// Of a span until now, as 2h, or a time in RFC 3339, as 2026-11-26T14:00:00Z: ms since 1970 UTC.
// Throws std::runtime_error, with what to do, for anything else; `option` is for that.
std::int64_t moment_ms(const std::string& option, const std::string& text);

}  // namespace bascule
