// The journal's file: every statement that touches a table of FORMAT.md is here or in schema.cpp.
// Synchronous, one thread at a time, one process at a time (the lock). Errors are DatabaseError,
// except on opening: JournalError, with what to do about it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "clock.hpp"
#include "journal/lane/lane_state.hpp"
#include "journal/settings.hpp"
#include "journal/store/database.hpp"
#include "journal/store/hot_state.hpp"
#include "journal/store/policy_rows.hpp"

namespace bascule {

// The journal cannot be opened. The text is one line for people.
class JournalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Messages of one lane that were committed together.
struct Batch {
  LaneId lane = 0;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t chain = 0;  // checksum of the record before the first
  int boot = 0;
  std::int64_t captured_ms = 0;  // boot time in that boot
  std::uint64_t before_bytes = 0;
  std::string data;
  std::uint64_t last() const { return first + count - 1; }
};
using BatchPtr = std::shared_ptr<const Batch>;

// A row of `batch` without its data.
struct BatchHead {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint64_t bytes = 0;
  int boot = 0;
  std::int64_t captured_ms = 0;
  std::uint64_t before_bytes = 0;
  std::uint64_t last() const { return first + count - 1; }
};

struct Loss {
  LaneId lane = 0;
  std::uint64_t first = 0, last = 0, count = 0, bytes = 0;
  std::string reason;
  std::int64_t at_ms = 0;
};

struct SetAside {
  Direction direction = Direction::up;
  LaneId lane = 0;             // 0: it never got one
  std::uint64_t sequence = 0;  // 0: likewise
  std::string reason;
  std::string topic, properties, payload;  // payload: its first 64 KiB
  std::uint64_t size = 0;                  // of the whole payload
};

// The broker session that deliveries come from; see FORMAT.md.
struct SessionRow {
  std::uint16_t number = 0;  // 0: there never was one
  std::string peer;
  std::set<std::uint16_t> held;
};

// Deliveries that made no journal entry, per direction; and what policies added.
struct Tally {
  std::uint64_t unrouted = 0, repeats = 0, refused = 0;
  std::uint64_t emitted = 0;  // the other way round: journal entries that nobody delivered
};

// What the file system of a directory has left for us; 0 if it cannot be asked.
std::uint64_t free_bytes_in(const std::string& directory);

class Store {
 public:
  // Opens or creates data_dir/journal.db. `bridge_id` must be the one it was made with.
  Store(const JournalSettings& settings, const std::string& bridge_id);
  ~Store();

  const std::string& epoch() const { return epoch_; }
  std::string renew_epoch();
  // The boot in which commits were made without a sync; nothing: all are on the disk.
  std::optional<std::string> unsynced();
  void save_unsynced(const std::optional<std::string>& boot);
  std::int64_t schema() { return database_->integer("PRAGMA user_version"); }

  void begin();
  void commit();
  // A store that was just opened syncs every commit. Not within a transaction.
  void set_sync(JournalSettings::Sync sync);
  int log_pages() const { return database_->log_pages(); }
  // Moves the log into the file, if there is something in it.
  void checkpoint(Database::Sync sync);
  std::uint64_t used_bytes();   // of the file, without its free pages
  std::uint64_t spare_bytes();  // of the file: its free pages
  std::uint64_t free_bytes() const { return free_bytes_in(directory_); }  // of the file system
  std::int64_t changes() const { return database_->total_changes(); }     // rows, since opening
  void give_back_pages();  // free pages to the file system, a few at a time

  std::vector<LaneState> load_lanes();
  LaneId add_lane(Direction direction, const std::string& name);
  void save(LaneState& lane);

  void insert(const Batch& batch);
  // The batch that holds `sequence`, or else the next one after it; nothing at the end of the lane.
  BatchPtr read(LaneId lane, std::uint64_t sequence);
  // Rows from the one that holds `from` on.
  std::vector<BatchHead> heads(LaneId lane, std::uint64_t from, int limit);
  BatchPtr newest(LaneId lane);
  void erase_batches(LaneId lane, std::uint64_t first, std::uint64_t last);  // by first sequence
  void set_aside_damaged(LaneId lane, std::uint64_t first, const std::string& what);

  void add_loss(const Loss& loss);      // joins the lane's last row if that continues it
  std::vector<Loss> losses(int limit);  // newest first
  std::uint64_t lost_messages();        // in the ledger, without those a newer value replaced
  void quarantine(const SetAside& message, std::int64_t at_ms);
  std::vector<std::pair<std::int64_t, SetAside>> quarantined(int limit);  // newest first

  std::map<int, Boot> load_boots();
  void save_boot(int number, const Boot& boot);
  Tally load_tally(Direction direction);
  void save_tally(Direction direction, const Tally& tally);
  SessionRow load_session(Direction direction);
  void save_session(Direction direction, const SessionRow& session);
  void load_seen(const std::function<void(std::string_view, std::string_view)>& each);
  void save_seen(const std::string& source, const SequenceSet& ranges);
  std::optional<std::uint32_t> retained(Direction direction, std::string_view topic);
  void save_retained(Direction direction, std::string_view topic, std::uint32_t digest);
  // Notes that `sequence` is the newest of its topic; returns the one that waited until now.
  std::optional<std::uint64_t> replace_latest(LaneId lane, std::string_view topic,
                                              std::uint64_t sequence);

  // For policies: policy_rows.hpp.
  std::optional<StateRow> policy_state(PolicyId policy, std::string_view key);
  // Those with this prefix, from `from` on, in order of the keys; nothing behind them is read.
  std::vector<std::pair<std::string, std::string>> policy_states(PolicyId policy,
                                                                 std::string_view prefix,
                                                                 std::string_view from, int limit);
  void save_policy_state(PolicyId policy, std::string_view key, std::string_view value);
  // Of a row that policy_state() gave.
  void replace_policy_state(PolicyId policy, std::string_view key, StateRow row);
  void erase_policy_state(PolicyId policy, std::string_view key);
  void save_decision(const Decision& decision);
  std::vector<Decision> decisions(LaneId lane, std::uint64_t from, int limit);
  void erase_decisions(LaneId lane, std::uint64_t before);
  std::optional<Begun> begun(LaneId lane);
  void save_begun(LaneId lane, const Begun& begun);
  void save_wake(PolicyId policy, std::string_view name, std::int64_t wall_ms);         // 0: none
  std::vector<std::pair<std::string, std::int64_t>> wakes(PolicyId policy, int limit);  // by time
  std::optional<DailyRun> daily_run(PolicyId policy);
  void save_daily_run(PolicyId policy, const DailyRun& run);
  std::int64_t next_case();
  void open_case(const Case& one);
  void decide_case(const Case& one);  // its decision
  void close_case(std::int64_t number, std::string_view outcome, std::int64_t at_ms);
  std::optional<Case> find_case(std::int64_t number);
  // Newest first, with numbers below `before`.
  std::vector<Case> cases(bool closed_too, std::int64_t before, int limit);
  std::uint64_t open_cases(PolicyId policy);  // 0: of all policies
  bool central_up();                          // as by the last input that told of it
  void save_central_up(bool up);

 private:
  Statement& prepared(const char* sql);
  void write(const StateRow& row);
  void write_hot_state();
  std::uint64_t pages(const char* pragma);  // in bytes

  std::string directory_;
  int lock_ = -1;
  std::unique_ptr<Database> database_;
  std::map<const char*, Statement> statements_;  // by the address of the literal
  std::string epoch_;
  HotState hot_;
};

}  // namespace bascule
