// What the ledger of repeats holds: why, from where, how many. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "message/direction.hpp"
#include "text/words.hpp"

namespace bascule {

// Why a delivery was dropped though it was sound; but `copied`, which is no repeat: its message
// crossed as a new one, without the stamp. The values are persisted.
enum class RepeatKind : std::uint8_t {
  redelivered = 0,  // the broker delivered again what is in the journal
  resent = 1,       // another bascule sent again: its stamp has been seen
  retained = 2,     // a subscription brought a retained value that has crossed already
  looped = 3,       // this bridge had sent it, or it had passed too many
  copied = 4,       // it bore the stamp of another message
  overlapping = 5,  // it came once for each of several subscriptions, or sessions
};
inline constexpr Word<RepeatKind> repeat_words[] = {
    {"redelivered", RepeatKind::redelivered}, {"resent", RepeatKind::resent},
    {"retained", RepeatKind::retained},       {"looped", RepeatKind::looped},
    {"copied", RepeatKind::copied},           {"overlapping", RepeatKind::overlapping}};

// Noticed by the intake, before the journal.
struct RepeatNotice {
  RepeatKind kind = RepeatKind::looped;
  std::string source;
  std::string topic;
};

struct RepeatCount {
  Direction direction = Direction::up;
  RepeatKind kind = RepeatKind::redelivered;
  std::string source;  // the bridge, or its ORIGIN/EPOCH/LANE; empty: the broker itself
  std::uint64_t count = 0;
  std::int64_t last_ms = 0;  // wall time of the newest
  std::string topic = {};    // of the newest
};

}  // namespace bascule
