// What the journal gives up, and when: forwarded history after its time or when room is needed,
// waiting messages by a lane's time to live or by a full journal. Whatever is given up before it
// crossed is written to the loss ledger by the owner. Owned by the journal's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "clock.hpp"
#include "journal/settings.hpp"
#include "journal/store/store.hpp"
#include "journal/store/table/message/receipt_table.hpp"

namespace bascule {

// Of what has crossed, the newest of each lane stay beyond their time: their rows tell, after a
// crash, which deliveries come again. So many, or so many bytes where messages are large; but so
// many in any case, as a broker may have unacknowledged.
inline constexpr std::uint64_t kept_deliveries = 131'072;
inline constexpr std::uint64_t kept_deliveries_bytes = 64 << 20;
inline constexpr std::uint64_t kept_deliveries_least = 1'000;

// Where even those have to make room, so many of them leave their receipts; of what a limit gives
// up or turns away, all of them do.
inline constexpr std::uint64_t kept_receipts = 16'384;

// Room for the log between two checkpoints, and for a commit on top: with less, a journal that has
// filled its disk could not write what has drained.
inline constexpr std::uint64_t drain_bytes = 8 << 20;

// What is asked room for.
struct Asked {
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
};

// What to do with a message for which room was asked.
enum class Room : std::uint8_t { take, drop, pause };

class Retention {
 public:
  // `give_up` records in the books that waiting messages of a lane leave; called inside of trim,
  // expire and make_room.
  using GiveUp = std::function<void(LaneState&, const BatchHead&, Fate, const char* reason)>;
  // `give_up_held` does so with the oldest held message of a lane; false: there is none.
  using GiveUpHeld = std::function<bool(LaneState&, Fate, const char* reason)>;
  Retention(const JournalSettings& settings, GiveUp give_up, GiveUpHeld give_up_held)
      : settings_(settings), give_up_(std::move(give_up)), give_up_held_(std::move(give_up_held)) {}

  // Notes how far the lane has crossed by now.
  void note_crossing(LaneState& lane, const Timeline& timeline, const Now& at) const;
  // Up to where it had crossed keep_forwarded ago: the far broker is not sent that again.
  std::uint64_t long_crossed(const LaneState& lane, const Timeline& timeline, const Now& at) const;

  // Erases forwarded history that is older than it need be, 1,000 rows at the most.
  void trim(Store& store, LaneState& lane, const Timeline& timeline, const Now& at);

  // Gives up what waits longer than the lane's time to live.
  void expire(Store& store, LaneState& lane, const Timeline& timeline, const Now& at);

  // Gives up what waits in the batches of a range, and so many of what is held, the oldest first.
  void give_up(Store& store, LaneState& lane, SequenceRange range, std::uint64_t held, Fate fate,
               const char* reason);

  // Room for `bytes` in the lane, besides the `claimed` ones that the same group puts there: takes
  // history first, then does as when_full says. `beyond` bytes more than the journal's limits are
  // allowed to what frees as much as it takes.
  Room make_room(Store& store, std::vector<LaneState>& lanes, LaneState& lane, std::uint64_t bytes,
                 std::uint64_t claimed, std::uint64_t beyond = 0);

  // Keeps what is left of deliveries that found none: a row of them, the newest of the lane.
  void keep_dropped(Store& store, const LaneState& lane, const ReceiptTable::Row& row);

  // Whether there would be, if the lane's rule is to wait; takes history for it.
  bool has_room(Store& store, std::vector<LaneState>& lanes, const LaneState& lane, Asked asked);

  // Measures file and file system again.
  void measure(Store& store);
  // So much is still to be had for the ballast.
  void reserve(std::uint64_t ballast_bytes) { reserved_bytes_ = ballast_bytes; }
  // What is left free on the file system, however small min_free is: draining writes, too.
  std::uint64_t least_free_bytes() const;
  // What was taken since the last call is in the file now.
  void committed() { uncommitted_bytes_ = 0; }
  // Whether the next message would find no room, as of measure(), though history made way for it.
  bool full(Store& store, const std::vector<LaneState>& lanes) const;
  // Why that was not taken, for people.
  const char* why_full() const;
  // Whether it is the file system that has no room for what was asked for last.
  bool lacks_disk() const { return lacks_disk_; }
  std::uint64_t uncommitted_bytes() const { return uncommitted_bytes_; }
  void forget() { next_trim_ms_.clear(); }

 private:
  std::int64_t note_every_ms() const;
  // `extra`: what it takes, with all that is written beside it.
  bool over(std::uint64_t extra, std::uint64_t beyond = 0) const;
  bool over_disk(std::uint64_t extra, std::uint64_t beyond) const;
  // All but the newest messages of each lane, or those, too: a few rows at a time; false: there is
  // none.
  bool erase_history(Store& store, std::vector<LaneState>& lanes, bool newest_too);
  bool drop_oldest(Store& store, LaneState& lane, const char* reason);

  const JournalSettings& settings_;
  GiveUp give_up_;
  GiveUpHeld give_up_held_;
  std::map<LaneId, std::int64_t> next_trim_ms_;  // boot time before which there is nothing to trim
  std::uint64_t used_bytes_ = 0;
  std::uint64_t free_bytes_ = UINT64_MAX;
  std::uint64_t reserved_bytes_ = 0;
  std::uint64_t unmeasured_bytes_ = 0;   // taken since measure()
  std::uint64_t uncommitted_bytes_ = 0;  // taken since committed(); measuring may not see it
  bool full_ = false;
  bool lacks_disk_ = false;
};

}  // namespace bascule
