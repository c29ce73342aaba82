// Everything the journal does, without its thread: journal.hpp runs one of these on a thread of its
// own. Calls change memory and an open transaction; commit() makes them durable, all or none. One
// owner; not thread-safe.
//
// A failed commit has an unknown outcome (SQLite may have it after all), so nothing is undone in
// memory: reopen() reads the truth from the disk again. Whatever was not acknowledged comes again
// from its broker and is recognised by its receipt if it was stored. What a forwarder has told
// since the last commit is not told again; it is kept, and repeated to what the disk says. While
// the journal is closed after a reopen() that failed, only progress(), enter_session(), lane(),
// lanes() and reopen() may be called.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "journal/ballast.hpp"
#include "journal/repeats.hpp"
#include "journal/retention.hpp"
#include "journal/settings.hpp"
#include "journal/store/store.hpp"
#include "journal/tail.hpp"
#include "message/per_direction.hpp"

namespace bascule {

// The lane of the bridge's own events. It is drained and kept like any other, but is not in the
// books of what crosses.
inline constexpr std::string_view events_lane = "events";

enum class AppendResult : std::uint8_t {
  stored,
  full,    // the quota or the file system is full and the rule is to pause: nothing was stored
  failed,  // the journal cannot write: nothing may be acknowledged
};

// One message of a group: `length` bytes at `offset` of the group's bytes, by encode_record.
struct Append {
  LaneId lane = 0;
  std::size_t offset = 0;
  std::size_t length = 0;
  bool duplicate = false;  // the DUP flag
  bool replayed = false;   // a retained value that a subscription brought, not a fresh publish
  bool retained = false;   // as it was delivered, whatever the route makes of it
  // Not 0: no message, the broker has released this packet id of an earlier one at QoS 2.
  std::uint16_t released = 0;
};

// What one link delivered, in order.
struct AppendGroup {
  Direction direction = Direction::up;
  // The connection that brought it, numbered from 1; 0: none, it is the bridge's own. Once a group
  // is not kept, neither is any later one of its connection: a later acknowledgement would cover
  // it, and a later message would overtake it.
  std::uint64_t connection = 0;
  std::string bytes;
  std::vector<Append> entries;
  std::uint64_t received = 0;       // deliveries that this group stands for
  Tally tally;                      // those of them that are no entry
  std::vector<SetAside> set_aside;  // the refused ones
};

// What became of messages of one lane on their way out.
struct Progress {
  struct Part {
    std::uint64_t first = 0, last = 0, bytes = 0;
    Fate fate = Fate::forwarded;
  };
  LaneId lane = 0;
  std::vector<Part> parts;
  std::vector<SetAside> quarantined;         // with sequence; counted by their part
  std::optional<std::uint64_t> replay_next;  // history was sent again up to here
  std::optional<std::uint64_t> confirmed;    // a bookmark was read back
  // QoS 2, by sequence: what is about to be sent and under which packet id, of what the broker has
  // said PUBREC, and what it has no id of any more. The last takes effect with the parts.
  std::vector<Claim> claimed;
  std::vector<std::uint64_t> received;
  std::vector<std::uint64_t> ended;
};

// What the far broker's bookmark says; see bookmark.hpp.
struct FarKnowledge {
  bool readable = false;  // it was asked and the answer is complete
  bool session_present = false;
  std::string epoch;  // empty: no bookmark there
  std::map<std::string, std::uint64_t, std::less<>> lanes;
};

// Where a forwarder goes on in one lane.
struct LanePosition {
  LaneId id = 0;
  Direction direction = Direction::up;
  std::string name;
  LaneSettings settings;
  std::uint64_t cursor = 0;
  SequenceSet done;
  std::uint64_t replay_next = 0, replay_last = 0;
  Claims claims;
};

struct LaneReport {
  LaneState state;
  std::int64_t oldest_age_ms = 0;  // of what waits; 0: nothing waits
  std::uint64_t first_stored = 0;  // 0: nothing is stored
  std::uint64_t stored_bytes = 0;
};

struct JournalReport {
  std::string epoch;
  std::int64_t schema = 0;
  std::uint64_t used_bytes = 0, free_bytes = 0;
  bool full = false;
  std::string trouble;  // why nothing can be written; empty: all is well
  PerDirection<std::uint64_t> received;
  PerDirection<Tally> tallies;
  std::uint64_t cases = 0;    // that wait for a person
  std::uint64_t lost = 0;     // messages in the loss ledger
  std::uint64_t resent = 0;   // messages of history handed out again since the start
  std::uint64_t commits = 0;  // since the start
  std::vector<LaneReport> lanes;
};

class JournalCore {
 public:
  // Opens the journal. Lanes of the settings that are not there are made, for both directions, and
  // so is the events lane (up). If its last commits may have been lost with the power, it begins a
  // new epoch. Throws JournalError.
  JournalCore(JournalSettings settings, std::string bridge_id, std::vector<LaneSettings> lanes);
  // What is committed is on the disk then. What is not is forgotten.
  ~JournalCore();

  const std::string& epoch() const { return store_->epoch(); }
  // The epoch that ended when the journal was opened; empty: none did.
  const std::string& former_epoch() const { return former_epoch_; }
  LaneId lane(Direction direction, std::string_view name) const;  // 0: none

  AppendResult append(AppendGroup& group);
  void progress(Progress progress);  // kept over a failed commit

  // For policies' steps: steps.cpp. Appends what the bridge makes itself; the entries may be of
  // lanes of both directions. Counted as emitted, but for what is of the events lane. Room for all
  // or for none.
  AppendResult emit(std::string_view bytes, std::span<const Append> entries);
  // A policy's input has its fate. Unlike progress(), it is forgotten when the commit fails.
  void settle_input(LaneId lane, std::uint64_t sequence, std::uint64_t bytes, Fate fate);
  // The store in a transaction that wants a commit soon.
  Store& change();
  // What is noted in policies' inputs from now on.
  void note_central(bool up) { central_up_ = up; }
  std::uint64_t commits() const { return commits_; }
  const Timeline& timeline() const { return timeline_; }

  // A connection has begun on which deliveries of this direction come. The session is the old one
  // if the broker has kept it (`present`) and `peer`, who is at its two ends, is the same as
  // before; else the packet ids of either direction mean nothing any more. One that is present and
  // not known may hold ids of QoS 2 that somebody left half done there: it is unfamiliar until the
  // forwarder has cleared it.
  void enter_session(Direction in, const std::string& peer, bool present);
  bool unfamiliar(Direction out) const { return unfamiliar_[out]; }
  void cleared(Direction out);

  // Up to about `bytes_max` of the lane from `from` on, at least one batch if there is one; the
  // first may begin before `from`. Empty: nothing is there yet. Damaged rows are set aside and
  // written to the loss ledger, and skipped.
  std::vector<BatchPtr> read(LaneId lane, std::uint64_t from, std::size_t bytes_max);

  // Where to go on, after comparing what the far broker has with what it once had: P6.
  std::vector<LanePosition> positions(Direction direction, const FarKnowledge& far);

  // Wall time and age of a batch.
  std::int64_t captured_wall_ms(const Batch& batch) const;
  std::int64_t age_ms(const Batch& batch) const;

  // Whether commit() has something to write now: appends at once, cursors `flush_after_ms` late.
  bool must_commit() const;
  // What the transaction under way has taken in: a long one wants room twice, in log and file.
  std::uint64_t uncommitted_bytes() const { return retention_.uncommitted_bytes(); }
  bool pending_flush() const { return urgent_ || dirty_since_ms_ != 0; }
  void commit();  // throws DatabaseError: reopen() then
  // The log is long, and no transaction under way.
  bool must_checkpoint() const;
  // Copies the log into the file if it must be, which takes milliseconds: after a commit, when
  // those who waited for it have their answers. Throws DatabaseError.
  void checkpoint(Database::Sync sync = Database::Sync::now);
  void reopen();    // throws JournalError
  void maintain();  // about once a second: expiry, trimming, checkpoint, free space; commits

  JournalReport report();
  Store& store() { return *store_; }
  const std::vector<LaneState>& lanes() const { return lanes_; }

  std::function<void(const Loss&, const LaneState&)> on_loss;  // told after it was written down

  static constexpr std::int64_t flush_after_ms = 200;

 private:
  struct Open;  // a batch that is being filled
  // Of a lane when the former epoch ended: what its bookmarks are compared with.
  struct Former {
    std::uint64_t next = 0, confirmed = 0;
  };

  void load();
  Store& write();  // the store, with a transaction under way
  LaneState& state(LaneId lane);
  bool claim_rooms(std::span<const Append> entries, std::uint64_t beyond);
  void drop(LaneState& lane, std::uint64_t bytes);
  void place(LaneState& lane, const Record& record, std::string_view bytes);
  void close_batch(LaneState& lane);
  void supersede(LaneState& lane, std::string_view topic, std::uint64_t sequence);
  void lose(LaneState& lane, Loss loss);
  void give_up(LaneState& lane, const BatchHead& head, Fate fate, const char* reason);
  void apply(const Progress& progress);
  void close_gap(LaneState& lane, std::uint64_t from, std::uint64_t to);
  BatchPtr sound(LaneState& lane, std::uint64_t from);
  void enter_boot();
  void leave_boot() noexcept;
  bool overtaken(Direction direction, const FarKnowledge& far) const;
  void renew_epoch();
  std::uint64_t bookmark_of(const LaneState& lane, const FarKnowledge& far) const;
  std::uint64_t confirmed_of(const LaneState& lane) const;
  void compare(LaneState& lane, const FarKnowledge& far);
  void apply_session(Direction in, const std::string& peer, bool present);
  void void_claims(Direction out);
  void forget_told_claims(Direction out);
  void estrange(Direction out);
  void replay(LaneState& lane, std::uint64_t first, std::uint64_t last);
  std::uint64_t bytes_of(const LaneState& lane, const SequenceRange& range);
  std::uint64_t bytes_through(const LaneState& lane, std::uint64_t sequence);
  void check_books() const;

  JournalSettings settings_;
  std::string bridge_id_;
  std::vector<LaneSettings> lane_settings_;
  std::unique_ptr<Store> store_;
  std::vector<LaneState> lanes_;              // by id - 1
  std::vector<std::shared_ptr<Batch>> open_;  // by id - 1; null: none
  std::vector<BatchPtr> committing_;
  std::vector<Progress> unsaved_;  // told since the last commit
  // By incoming direction: the connection that began since the last commit.
  PerDirection<std::optional<std::pair<std::string, bool>>> entered_;
  PerDirection<std::string> peer_;  // by incoming direction: of the connection under way
  PerDirection<bool> unfamiliar_;   // by outgoing direction
  bool marked_ = false;             // it is on the disk that commits of this boot are not synced
  std::string former_epoch_;
  std::vector<Former> former_;  // by id - 1; empty: bookmarks of before say nothing
  Repeats repeats_;
  Timeline timeline_;
  Tail tail_;
  Retention retention_;
  Ballast ballast_;
  std::vector<Room> rooms_;             // scratch of append
  std::vector<std::uint64_t> claimed_;  // likewise, by lane id - 1
  PerDirection<Tally> tallies_;
  bool tally_dirty_ = false;
  PerDirection<std::uint64_t> received_;
  std::uint64_t resent_ = 0;
  std::uint64_t commits_ = 0;
  bool central_up_ = false;
  bool in_transaction_ = false;
  bool urgent_ = false;  // something waits for the commit to be acknowledged
  std::int64_t dirty_since_ms_ = 0;
  std::int64_t appended_ms_ = 0;  // boot time of the last append
};

}  // namespace bascule
