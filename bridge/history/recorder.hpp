// Writes down what the lanes and links do, for plots: a sample a minute, and each change of a link,
// in rows of five minutes, so that an idle bridge writes to its disk once in five minutes, and a
// busy one with what it commits anyway. Once they are a day old, ten minutes are one sample and an
// hour one row; after 14 days, or beyond 4 MiB, the oldest go. A crash loses five minutes of it.
//
// Moments are noted in boot time, and so are right however the wall clock jumps, once it is known.
// On the journal's thread. Errors are DatabaseError.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "clock.hpp"
#include "history/block.hpp"
#include "journal/core.hpp"
#include "journal/store/table/history_table.hpp"
#include "link/link.hpp"

namespace bascule {

// How the links are now, as a link's history numbers them: site, central (nothing at a hub).
using LinkStates = std::array<std::optional<LinkStatus::State>, 2>;

class HistoryRecorder {
 public:
  static constexpr std::int64_t sample_s = 60;
  static constexpr std::int64_t thin_sample_s = 600;
  static constexpr std::size_t samples_per_row = 5;
  static constexpr std::int64_t thin_after_ms = 24 * 3'600'000;
  static constexpr std::int64_t forget_after_ms = 14 * thin_after_ms;
  static constexpr std::uint64_t bytes_max = 4 << 20;

  // Every few seconds, with the time that it is; and the last round trips, of links that are up.
  // While the journal takes nothing, nothing is written: what is under way goes on for an hour, and
  // begins anew then.
  void look(JournalCore& core, const LinkStates& links, const Now& at,
            const RoundTrips& round_trips = {});
  // The bridge ends: writes what is under way.
  void close(JournalCore& core, const Now& at);

  // What is under way, as the row that it will be, up to now; nothing: not begun.
  std::optional<HistoryRow> under_way(const JournalCore& core, const Now& at) const;

 private:
  struct Counts {
    std::uint64_t received = 0, forwarded = 0, lost = 0;
  };

  void begin(const JournalCore& core, std::int64_t at_ms);
  void note_links(const LinkStates& links, std::int64_t at_ms);
  void sample(JournalCore& core);
  void write(JournalCore& core, const Now& at);
  void learn_sizes(Store& store);
  void give_up_oldest(JournalCore& core, const Now& at);
  void thin(JournalCore& core, const Now& at);
  bool thin_next(JournalCore& core, const Now& at);

  bool begun_ = false;
  std::int64_t from_ms_ = 0;  // boot time; of the block under way
  HistoryBlock block_;
  LinkStates links_;
  RoundTrips round_trips_{};                     // the longest since the last sample
  std::map<LaneId, Counts> counts_;              // as of the last sample
  std::map<std::int64_t, std::uint64_t> sizes_;  // of the rows, in bytes, by their numbers
  std::uint64_t bytes_ = 0;                      // of all
  bool sizes_known_ = false;
  std::int64_t thin_from_ = 0;   // the number from which rows may be to be thinned
  std::int64_t thinned_ms_ = 0;  // boot time; 0: not yet
};

// What counts of a lane as traffic: not what policies take, nor what the bridge tells of itself.
bool in_history(const LaneState& lane);

}  // namespace bascule
