// Reads one lane of the journal in order, a little ahead of what is sent, and leaves out what needs
// no sending. Lives on a link's loop thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "journal/journal.hpp"
#include "link/loop.hpp"

namespace bascule {

// One message to send. The record's views live as long as the batch is held.
struct LaneItem {
  Record record;
  BatchPtr batch;
  std::int64_t captured_wall_ms = 0;
  std::int64_t captured_boottime_ms = 0;  // so that age = boot time now - this, also over restarts

  std::size_t bytes() const {  // of topic and payload
    return record.message.topic.size() + record.message.payload.size();
  }
};

class LaneReader {
 public:
  // Reads first what is to be replayed, then from the cursor on, leaving out what is done and what
  // is in `in_flight`. `ready` is called on the loop when front() has something again.
  LaneReader(Journal& journal, Loop& loop, const LanePosition& from, SequenceSet in_flight,
             std::function<void()> ready);

  // The next message, or nullptr if none is there yet; it is being read then.
  const LaneItem* front();
  LaneItem take();  // the front

  // Up to here everything was taken, or needs no sending: it is done or in flight,
  // or the journal has given it up.
  std::uint64_t passed() const { return next_ - 1; }

 private:
  void request();
  void arrived(std::vector<Journal::Portion> portions);
  bool wanted(std::uint64_t sequence) const;

  Journal& journal_;
  Loop::Answers answers_;
  LaneId lane_;
  std::uint64_t cursor_;
  SequenceSet skip_;               // beyond the cursor: done, or in flight
  SequenceSet in_flight_;          // at or before the cursor, while replaying
  std::uint64_t replay_last_ = 0;  // 0: not replaying
  SequenceSet replay_skips_;       // history that need not go again
  std::uint64_t next_;             // the next sequence that may be handed out
  std::uint64_t asked_ = 0;        // the next sequence to ask the journal for
  bool asking_ = false;
  std::deque<Journal::Portion> portions_;
  std::optional<RecordReader> reader_;  // over the first portion
  std::optional<LaneItem> item_;
  std::function<void()> ready_;
};

}  // namespace bascule
