// Numbers and times as texts have them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bascule::sdk {

// All of a text as a whole number: "-7"; nothing: it is none, or not for 64 bits.
std::optional<std::int64_t> whole_number(std::string_view text);

// "500ms", "30s", "5m", "24h", "7d" in milliseconds, as everywhere in bascule.yaml; nothing: it is
// none, or longer than 1,000,000 days.
std::optional<std::int64_t> duration_ms(std::string_view text);

// "01:30" is 90.
std::optional<int> minute_of_day(std::string_view text);

}  // namespace bascule::sdk
