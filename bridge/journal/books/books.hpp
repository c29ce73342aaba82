// The books: every lane's state, what was received and made no entry, and what a forwarder has told
// since the last commit. They balance at every commit (P3, P8). Journal's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "journal/books/held.hpp"
#include "journal/books/transaction.hpp"
#include "journal/lane/lane_state.hpp"
#include "journal/lane/quarantine_entry.hpp"
#include "message/per_direction.hpp"

namespace bascule {

// The lane of the bridge's own events. It is drained and kept like any other, but is not in the
// books of what crosses.
inline constexpr std::string_view events_lane = "events";

// The books do not balance: a fault of this program. The text says what differs.
class BooksError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// What became of messages of one lane on their way out.
struct Progress {
  struct Part {
    std::uint64_t first = 0, last = 0, bytes = 0;
    Fate fate = Fate::forwarded;
    bool confirmed = true;  // false: forwarded at QoS 0, so that nobody says whether it arrived
  };
  LaneId lane = 0;
  std::vector<Part> parts;
  // With sequence; counted by their part, or by what is released.
  std::vector<QuarantineEntry> quarantined;
  // Refused because of their topic: they leave the lane's order. `again`: it is history that was
  // sent again. And what is held no longer.
  struct HeldMessage {
    HeldRow row;
    std::string reason;  // empty: as the topic's
    bool again = false;
  };
  std::vector<HeldMessage> held;
  struct Released {
    std::uint64_t sequence = 0;
    Fate fate = Fate::forwarded;
  };
  std::vector<Released> released;
  std::optional<std::uint64_t> replay_next;  // history was sent again up to here …
  std::uint64_t replay_from = 0;             // … from here; what else is to be sent stays so
  std::optional<std::uint64_t> confirmed;    // a bookmark was read back
  // QoS 2, by sequence: what is about to be sent and under which packet id, of what the broker has
  // said PUBREC, and what it has no id of any more. The last takes effect with the parts.
  std::vector<Claim> claimed;
  std::vector<std::uint64_t> received;
  std::vector<std::uint64_t> ended;
};

class Books {
 public:
  // `settings` of lanes that shall be there, besides `default` and the events lane (up).
  // The quarantine holds about `quarantine_bytes_max`; then the oldest leaves it, and is lost.
  Books(Transaction& transaction, std::vector<LaneSettings> settings,
        std::uint64_t quarantine_bytes_max)
      : transaction_(transaction),
        settings_(std::move(settings)),
        quarantine_bytes_max_(quarantine_bytes_max),
        held_(transaction) {}

  // Reads them from the store; makes the lanes that are not there. A lane whose row does not
  // balance is mended: see mended(). Throws JournalError, DatabaseError.
  void load();
  // What load() had to mend, one line each, for the log.
  const std::vector<std::string>& mended() const { return mended_; }

  LaneId lane(Direction direction, std::string_view name) const;  // 0: none
  LaneState& state(LaneId lane) { return lanes_.at(lane - 1U); }
  std::vector<LaneState>& lanes() { return lanes_; }
  const std::vector<LaneState>& lanes() const { return lanes_; }

  // Deliveries were taken in; `tally` counts those of them that made no entry.
  void received(Direction direction, std::uint64_t deliveries, const Tally& tally);
  void emitted(const LaneState& lane);  // an entry that nobody delivered
  const PerDirection<std::uint64_t>& received() const { return received_; }
  const PerDirection<Tally>& tallies() const { return tallies_; }

  void quarantine(const QuarantineEntry& entry);
  bool quarantine_has_room(std::uint64_t bytes) const;  // for one more of about this size
  // What left the quarantine unsent, into the ledger: a row for each lane.
  void lose(const std::vector<QuarantineEntry>& entries, const char* reason);

  const Held& held() const { return held_; }
  // A held message has its fate; returns its bytes, or nothing if it is not held.
  std::optional<std::uint64_t> release(LaneState& lane, std::uint64_t sequence, Fate fate);

  // Writes it to the loss ledger, and tells it; many ranges in one.
  void lose(LaneState& lane, Loss loss);
  void lose(LaneState& lane, const SequenceSet& sequences, const char* reason);
  // Rows of the ledger since the start, but for what a newer value replaced.
  std::uint64_t lost(Direction direction) const { return lost_[direction]; }
  // Rows are gone that held these sequences. Those that were given up on purpose are resolved
  // already; the others are lost.
  void close_gap(LaneState& lane, std::uint64_t from, std::uint64_t to);

  // Takes effect at once while the store is open, and again at repeat_told(), until a commit has
  // it.
  void progress(Progress progress);
  void repeat_told();
  void forget_told() { told_.clear(); }
  // What was told of claims and is not on the disk yet shall not come back with repeat_told().
  void forget_told_claims(Direction out);
  std::uint64_t resent() const { return resent_; }  // messages of history, since the start

  // Before a commit: what changed, into the transaction; throws BooksError. And after it. Not
  // `whole`: what merely crossed may wait for a later one, and is told again if that is not to be.
  void save(bool whole = true);
  void check() const;
  void committed();

  std::function<void(const Loss&, const LaneState&)> on_loss;  // told after it was written down

 private:
  void ensure_lanes();
  void recover(LaneState& lane);
  void apply(const Progress& progress);
  void change(LaneState& lane, const Progress& progress);
  void hold(LaneState& lane, const Progress::HeldMessage& message);
  std::uint64_t journaled(Direction direction) const;

  Transaction& transaction_;
  std::vector<LaneSettings> settings_;
  std::uint64_t quarantine_bytes_max_;
  Held held_;
  std::vector<LaneState> lanes_;  // by id - 1
  PerDirection<Tally> tallies_;
  PerDirection<std::uint64_t> received_;
  bool tallies_changed_ = false;
  std::vector<Progress> told_;  // since the last commit
  std::uint64_t resent_ = 0;
  PerDirection<std::uint64_t> lost_;
  std::vector<std::string> mended_;
};

}  // namespace bascule
