// How a bridge is, in a few numbers, for who watches over many: published on bascule/{id}/summary
// at the centre, retained, so that a hub that was away has it at once.
//
//   {"at":"…Z","version":"…","slow":false,"full":false,"backlog":0,"oldest_s":0,"held":0,
//    "lost":0,"lost_at":null,"quarantined":0,"cases":0}
//
// backlog, oldest_s: what waits in both directions, but for what only tells of the bridge. It is
// told seldom, so that it costs a thin line nothing: worth_telling(). Pure.
#pragma once

#include <cstdint>
#include <string>

#include "journal/core.hpp"

namespace bascule {

struct Summary {
  bool slow = false;  // the link to the centre, within the last minute
  bool full = false;  // the journal takes nothing in
  std::uint64_t backlog = 0, held = 0, lost = 0, quarantined = 0, cases = 0;
  std::int64_t oldest_s = 0;
  std::int64_t lost_ms = 0;  // wall time; 0: never

  bool operator==(const Summary&) const = default;
};

Summary summary_of(const JournalReport& journal, bool slow);
std::string summary_text(const Summary& summary, std::int64_t wall_ms);

// Whether `now` is news to who was told `told` so long ago. What a person has to look at: after
// 15 s. What waits: after a minute, when it has begun, ended, or is ten times as much or as old.
bool worth_telling(const Summary& told, const Summary& now, std::int64_t told_ms_ago);

}  // namespace bascule
