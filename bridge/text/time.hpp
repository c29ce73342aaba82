// Points in time as text, in UTC. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

// ms since 1970 UTC, as text and back: with the milliseconds, and without them.
std::string time_text(std::int64_t unix_ms);  // 2026-11-22T13:30:00.123Z
std::string utc_text(std::int64_t unix_ms);   // 2026-11-22T13:30:00Z

// Reads both, and those of another zone (RFC 3339): 2026-11-22T14:30:00+01:00.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace bascule
