// Numbers as people read them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

std::string count_text(std::uint64_t count);  // 1,234,567
std::string bytes_text(std::uint64_t bytes);  // 512 B, 340 KiB, 1.2 GiB
std::string rate_text(double per_s);          // 0/s, 0.4/s, 12/s, 1,234/s
std::string span_text(double seconds);        // 8 s, 12 min, 3 h 4 min, 5 d 2 h
std::string time_text(std::int64_t unix_ms);  // 2026-11-22T13:30:00.123Z

// ms since 1970 of a UTC time as time_text writes it, with or without the fraction.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace bascule
