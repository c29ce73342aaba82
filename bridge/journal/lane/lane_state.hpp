// The books of one lane: what it holds, how far it has crossed, and what became of every message.
// Owned by the journal's thread.
#pragma once

#include <cstdint>
#include <string>

#include "journal/lane/claims.hpp"
#include "journal/lane/crossing_times.hpp"
#include "journal/lane/record.hpp"
#include "journal/lane/sequence_set.hpp"
#include "message/direction.hpp"
#include "message/lane.hpp"
#include "message/message.hpp"

namespace bascule {

// What resolves a message; see FORMAT.md.
enum class Fate : std::uint8_t { forwarded, expired, evicted, quarantined };

struct LaneState {
  LaneId id = 0;
  Direction direction = Direction::up;
  std::string name;
  bool input = false;  // of a policy, which takes from it: no forwarder does
  LaneSettings settings;
  bool former = false;  // no lane of the configuration any more; the settings are those it had last

  std::uint64_t next = 1;   // the next sequence to give out
  std::uint32_t chain = 0;  // checksum of the last record
  std::uint64_t cursor = 0;
  SequenceSet done;  // resolved beyond the cursor
  // Where these are many ranges, they are in a table of their own, but for the ones that came last.
  bool done_apart = false;
  SequenceSet done_lately;
  std::uint64_t fates[4] = {};
  std::uint64_t unconfirmed = 0;     // of the forwarded: sent at QoS 0
  std::uint64_t appended_bytes = 0;  // of all that was ever stored
  std::uint64_t resolved_bytes = 0;
  // Resolved as far as the lane's order goes, and waiting for their topic: not in fates.
  std::uint64_t held = 0;
  std::uint64_t held_bytes = 0;
  std::uint64_t confirmed = 0;    // highest bookmark read back from the far broker
  std::uint64_t replay_next = 0;  // history to send again, from here …
  std::uint64_t replay_last = 0;  // … to here; 0: none
  SequenceSet replay_skips;       // but for these, where they have their fate
  // What the far broker may have lost once and was sent again, or is in the ledger.
  SequenceSet answered;
  CrossingTimes crossed;
  Claims claims;       // messages that are with the far broker at QoS 2
  bool dirty = false;  // differs from the lane's row, which the next commit has to write
  bool ahead = false;  // differs by what has crossed alone: it may wait for a later commit

  std::uint64_t& count(Fate fate) { return fates[static_cast<int>(fate)]; }
  std::uint64_t count(Fate fate) const { return fates[static_cast<int>(fate)]; }
  std::uint64_t journaled() const { return next - 1; }
  // All that has not crossed yet, and of it what waits in the lane's order.
  std::uint64_t backlog() const { return in_order() + held; }
  std::uint64_t backlog_bytes() const { return appended_bytes - resolved_bytes + held_bytes; }
  std::uint64_t in_order() const { return next - 1 - cursor - done.size(); }
  bool resolved(std::uint64_t sequence) const {
    return sequence <= cursor || done.contains(sequence);
  }

  // Gives first..last, `bytes` in all, their fate. What is resolved already keeps the fate that it
  // has. Returns how many were backlog.
  std::uint64_t resolve(std::uint64_t first, std::uint64_t last, std::uint64_t bytes, Fate fate);

  // A message leaves the lane's order and is held; false: it is resolved already. `again`: it had
  // crossed, and waits again.
  bool hold(std::uint64_t sequence, std::uint64_t bytes, bool again);
  // A held message has its fate.
  void release(std::uint64_t bytes, Fate fate);

  // What of first..last waits in the lane's order, and what does not.
  std::vector<SequenceRange> backlog_in(std::uint64_t first, std::uint64_t last) const;
  std::vector<SequenceRange> resolved_in(std::uint64_t first, std::uint64_t last) const;
  std::uint64_t last_resolved() const { return done.empty() ? cursor : done.highest(); }

  // History that is still to be sent again; and more of it.
  std::vector<SequenceRange> replaying() const;
  void replay(const std::vector<SequenceRange>& ranges);
  // Of it, what is from `first` on and before `next` was; returns how many that are.
  std::uint64_t replayed(std::uint64_t first, std::uint64_t next);

  // P8 and P3: every message up to the cursor, and those done beyond it, has exactly one fate.
  bool balanced() const;
  // In which numbers they do not, for people.
  std::string account() const;
  // Makes a row that does not balance balance again, so that the lane can go on: what is resolved
  // counts, and what has no fate counts as forwarded. Returns what was wrong; empty: nothing.
  std::string mend();

 private:
  void set_replay(const SequenceSet& all);
};

}  // namespace bascule
