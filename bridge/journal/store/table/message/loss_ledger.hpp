// What was given up, and why: table loss of FORMAT.md. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/lane/lane_sequence.hpp"
#include "journal/lane/sequence_set.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

struct Loss {
  LaneId lane = 0;
  std::uint64_t first = 0, last = 0, count = 0, bytes = 0;
  std::string reason;
  std::int64_t at_ms = 0;
};

class LossLedger {
 public:
  explicit LossLedger(Database& database) : database_(database) {}

  static constexpr std::int64_t rows_max = 100'000;

  // Joins the lane's last row if that continues it. Beyond about `rows_max` rows the oldest two of
  // a lane and reason become one, from the first of the one to the last of the other.
  void add(const Loss& loss);
  std::vector<Loss> newest(int limit);  // newest first, without what was requeued
  // Why a message is in it, but for what a newer value replaced; nothing: it is not.
  std::optional<std::string> reason(LaneSequence place);
  // In all that are lost: not what a newer value replaced, nor what the far broker may have lost.
  std::uint64_t messages();
  // When the last of those was that nobody chose to drop; 0: there is none.
  std::int64_t last_ms();

  // A message was quarantined, and is in its lane once more, under another number: not lost.
  void requeued(LaneSequence place, std::uint64_t bytes, std::int64_t at_ms);

  // What the far broker may have lost and was not sent again, because the lane's `resend` says so
  // (not_resent); or because the history did not go back so far (beyond_history).
  std::uint64_t not_resent();  // in all
  SequenceSet unsent(LaneId lane);
  // It is sent again after all.
  void take_back(LaneId lane, SequenceRange range);

 private:
  void join_oldest();

  Database& database_;
};

}  // namespace bascule
