// Points in time as text, always UTC. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

// ms since 1970 UTC, as text and back: with the milliseconds, and without them.
std::string time_text(std::int64_t unix_ms);  // 2026-11-22T13:30:00.123Z
std::string utc_text(std::int64_t unix_ms);   // 2026-11-22T13:30:00Z

// Reads both.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace bascule
