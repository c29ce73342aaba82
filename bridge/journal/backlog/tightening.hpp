// What the limits of a configuration would take of what waits, where they are tighter than those
// that the journal ran with last. What goes by itself under a limit that has not changed is none of
// it. Asked before a start, which is refused unless the losses are accepted. Journal's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clock.hpp"
#include "journal/backlog/retention.hpp"
#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/settings.hpp"

namespace bascule {

// The limits of a configuration.
struct LimitsOfFile {
  std::uint64_t max_size_bytes = 0;
  WhenFull when_full = WhenFull::pause;
  std::vector<LaneSettings> lanes;
};

// What one limit would take of one lane: all that waits from `first` to `last`, and the oldest of
// what is held.
struct Discard {
  LaneId lane = 0;
  Fate fate = Fate::evicted;
  const char* reason = "";  // in the loss ledger
  std::string limit;        // "ttl 1s (it was 7d)"
  std::uint64_t first = 0, last = 0;
  std::uint64_t held = 0;
  std::uint64_t count = 0, bytes = 0;  // with those that are held
};

// "lane sales up: ttl 1s (it was 7d) gives up 5 of 7 messages that wait".
std::string to_string(const Discard& discard, const LaneState& lane);

class Tightening {
 public:
  Tightening(Transaction& transaction, Books& books, Retention& retention, const Timeline& timeline)
      : transaction_(transaction), books_(books), retention_(retention), timeline_(timeline) {}

  // Changes nothing. Where no limit is tighter it looks at no message.
  std::vector<Discard> plan(const LimitsOfFile& limits);
  // Does what was planned, if nothing has changed since; and remembers the limits.
  void apply(const std::vector<Discard>& plan, const LimitsOfFile& limits);

 private:
  enum class Take : std::uint8_t { yes, no, enough };
  // Of one message, or of those that were committed together.
  struct Waiting {
    std::int64_t age_ms = 0;
    std::uint64_t bytes = 0;
  };

  void plan_ttl(const LaneState& lane, const LaneSettings& now, const LaneSettings& was);
  void plan_max_size(const LaneState& lane, const LaneSettings& now, const LaneSettings& was,
                     bool drops_now, bool dropped_before);
  void plan_journal(const LimitsOfFile& limits, const LaneSettings& was);
  template <class Takes>
  void add(const LaneState& lane, Discard discard, const Takes& takes);

  Transaction& transaction_;
  Books& books_;
  Retention& retention_;
  const Timeline& timeline_;
  std::vector<Discard> plan_;  // while it is made
};

}  // namespace bascule
