// Settings of a lane: a named, ordered stream of one direction. Every lane of the configuration
// exists in both directions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "text/units.hpp"
#include "text/words.hpp"

namespace bascule {

enum class WhenFull : std::uint8_t { pause, drop_oldest, drop_newest };
inline constexpr Word<WhenFull> when_full_words[] = {{"pause", WhenFull::pause},
                                                     {"drop-oldest", WhenFull::drop_oldest},
                                                     {"drop-newest", WhenFull::drop_newest}};

enum class Keep : std::uint8_t { all, latest };  // latest: only the newest message per topic waits
inline constexpr Word<Keep> keep_words[] = {{"all", Keep::all}, {"latest", Keep::latest}};

// What a far broker is sent again once it has lost what it had accepted. since_crash: nothing that
// it was sent again before.
enum class Resend : std::uint8_t { all, since_crash, never };
inline constexpr Word<Resend> resend_words[] = {
    {"all", Resend::all}, {"since-crash", Resend::since_crash}, {"never", Resend::never}};

struct LaneSettings {
  std::string name = "default";
  int priority = 5;  // 0 to 9, higher goes first
  Rate rate;
  std::optional<Hours> hours;
  std::optional<std::int64_t> ttl_ms;
  std::optional<std::uint64_t> max_size_bytes;
  std::optional<WhenFull> when_full;  // nothing: as the journal's
  Keep keep = Keep::all;
  // Messages this old that are held, since their topic is refused, are quarantined; nothing: never.
  std::optional<std::int64_t> quarantine_held_after_ms;
  Resend resend = Resend::since_crash;
};

// The lanes in which a policy's inputs wait, one of each direction. No lane of the configuration
// can have such a name: it may hold no slash.
inline constexpr std::string_view input_lane_prefix = "policy/";
inline std::string input_lane(std::string_view policy) {
  return std::string(input_lane_prefix).append(policy);
}

}  // namespace bascule
