// What the journal says in the log, in words for people: what it found, lost, mended, and waits
// for. Journal's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "journal/core.hpp"
#include "message/direction.hpp"
#include "message/per_direction.hpp"
#include "outage_news.hpp"

namespace bascule {

// That nothing is taken in, or that it is again.
struct JournalNews {
  bool over = false;
  std::optional<Direction> in;  // from the broker at the source of this direction; nothing: at all
  std::string reason;
  std::int64_t lasted_ms = 0;  // if it is over
};

class JournalLog {
 public:
  // For who else has to be told: without the word that it still lasts.
  std::function<void(const JournalNews&)> on_news;

  // What was there, for people: "a new journal", "42 messages wait".
  static std::string found(const JournalCore& core);
  // It was opened, for the first time or again.
  static void opened(const JournalCore& core);
  static void new_epoch(const JournalCore& core);
  // The disk has no room for a commit: once, until it has.
  void starved();
  void fed() { starved_told_ = false; }
  // A group of a connection found no room, for this reason; it would find it now. See OutageNews.
  void refused(Direction in, const std::string& why, std::int64_t now_ms);
  void room(Direction in, std::int64_t now_ms) { pauses_[in].news.well(now_ms); }
  // It can be neither read nor written, for this reason; it can be again.
  void trouble(const std::string& why, std::int64_t now_ms);
  void well(std::int64_t now_ms) { trouble_.news.well(now_ms); }
  // From time to time.
  void tick(std::int64_t now_ms);

  // About once a second, for what may be many.
  void journaled_twice(const JournalCore& core);
  // Likewise: retained values that cannot be noted any more, once an hour.
  void unnoted(const JournalCore& core, std::int64_t now_ms);
  // What a far broker has lost, or seems to have; and that it knew what this journal never wrote,
  // where its epoch was another before (Epoch::overtaken).
  static void resumed(const JournalCore& core, const std::string& epoch,
                      const std::vector<LanePosition>& lanes);
  // A session of ours that is not there any more.
  static void entered(JournalCore& core, Direction in);

 private:
  struct Pause {
    static constexpr std::int64_t calm_ms = 5'000;
    OutageNews news{calm_ms};
    std::string why;
  };
  void tell(const JournalNews& news) const;

  PerDirection<Pause> pauses_;
  Pause trouble_;
  bool starved_told_ = false;
  PerDirection<std::uint64_t> unnoted_;          // as was told last
  std::int64_t unnoted_told_ms_ = 0;             // 0: never
  PerDirection<std::uint64_t> journaled_twice_;  // as was told last
};

}  // namespace bascule
