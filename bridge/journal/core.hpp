// Everything the journal does, without its thread: journal.hpp runs one of these on a thread of its
// own. Calls change memory and an open transaction; commit() makes them durable, all or none. One
// owner; not thread-safe.
//
// The core is what its parts are to each other: the transaction is its own, what happens in it is
// theirs. A message goes in by the Appender, is kept account of in the Books, comes out by the
// BatchReader, and leaves by the Books or by Retention. Sessions, Epoch and Resumption say what of
// it the brokers at the two ends still know.
//
// A failed commit has an unknown outcome (SQLite may have it after all), so nothing is undone in
// memory: reopen() reads the truth from the disk again. Whatever was not acknowledged comes again
// from its broker and is recognised by its receipt if it was stored. What a forwarder has told
// since the last commit is not told again; it is kept, and repeated to what the disk says. While
// the journal is closed after a reopen() that failed, only progress(), enter_session(), lane(),
// lanes(), report() and reopen() may be called.
//
// On a disk without room for a commit it opens all the same, and is *starved*: it can be read, and
// what drains is kept in memory. Nothing may be appended or committed until reopen() finds room.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "clock.hpp"
#include "journal/backlog/appender.hpp"
#include "journal/backlog/batch_reader.hpp"
#include "journal/backlog/lane_order.hpp"
#include "journal/backlog/quarantine.hpp"
#include "journal/backlog/retention.hpp"
#include "journal/backlog/tightening.hpp"
#include "journal/ballast.hpp"
#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/lane/drain_rate.hpp"
#include "journal/repeats/repeat_ledger.hpp"
#include "journal/repeats/repeats.hpp"
#include "journal/retained/retained.hpp"
#include "journal/retained/stored_retained.hpp"
#include "journal/sessions/epoch.hpp"
#include "journal/sessions/resumption.hpp"
#include "journal/sessions/sessions.hpp"
#include "journal/settings.hpp"

namespace bascule {

struct LaneReport {
  LaneState state;
  std::int64_t oldest_age_ms = 0;  // of what waits; 0: nothing waits
  std::uint64_t first_stored = 0;  // 0: nothing is stored
  std::uint64_t stored_bytes = 0;
  std::vector<HeldTopic> held;
  // The lane for which messages of this one wait, and how many of that one; empty: none do.
  std::string behind;
  std::uint64_t behind_messages = 0;
  double drained_per_s = 0;  // while something waited; 0: not known
};

struct JournalReport {
  std::string epoch;
  std::int64_t schema = 0;
  std::uint64_t used_bytes = 0, free_bytes = 0;
  bool full = false;
  std::string trouble;  // why nothing can be written; empty: all is well
  PerDirection<std::uint64_t> received;
  PerDirection<Tally> tallies;
  PerDirection<Forgotten> forgotten;  // by the far brokers, by outgoing direction
  PerDirection<Expired> expired;      // likewise
  LogDamage log_damage;
  PerDirection<std::uint64_t> journaled_twice;  // see Repeats::forgotten; since the start
  PerDirection<std::uint64_t> looped;           // of the repeats
  PerDirection<std::uint64_t> copied;           // stamps that were another message's
  PerDirection<RetainedSize> retained;          // by the direction that they cross in
  std::uint64_t cases = 0;                      // that wait for a person
  QuarantineTable::Size quarantine;
  std::uint64_t lost = 0;        // messages in the loss ledger
  std::int64_t lost_ms = 0;      // when the last was that nobody chose; wall time, 0: none
  std::uint64_t not_resent = 0;  // that a far broker may have lost, in the ledger and not in `lost`
  std::uint64_t resent = 0;      // messages of history handed out again since the start
  std::uint64_t commits = 0;     // since the start
  // Since the program started, whatever was reloaded meanwhile: what was written to journals, in
  // whole sectors, and the messages that came.
  std::uint64_t written_bytes = 0, placed = 0;
  std::vector<LaneReport> lanes;
  std::vector<Pause> pauses;
};

class JournalCore {
 public:
  // Opens the journal. Lanes of the settings that are not there are made, for both directions, and
  // so is the events lane (up). If its last commits may have been lost with the power, it begins a
  // new epoch. Throws JournalError.
  JournalCore(JournalSettings settings, std::string bridge_id, std::vector<LaneSettings> lanes);
  // What is committed is on the disk then. What is not is forgotten.
  ~JournalCore();

  const std::string& epoch() const { return epoch_.current(); }
  bool fresh() const { return transaction_.store().fresh(); }  // it was made when it was opened
  const std::string& former_epoch() const { return epoch_.former(); }
  LaneId lane(Direction direction, std::string_view name) const {
    return books_.lane(direction, name);
  }
  const std::vector<LaneState>& lanes() const { return books_.lanes(); }
  // What of the books had to be mended at the last opening, for the log.
  const std::vector<std::string>& mended() const { return books_.mended(); }

  AppendResult append(AppendGroup& group) { return appender_.append(group); }
  bool has_room(const RoomAsked& asked) { return appender_.has_room(asked); }
  // Of a group that found no room, for people.
  const char* why_full() const { return starved_ ? "the disk is full" : retention_.why_full(); }
  void progress(Progress progress) { books_.progress(std::move(progress)); }

  // For comparisons of what is retained. See Retained, Appender.
  Retained& retained() { return retained_; }
  void sift(AppendGroup& group) { appender_.sift(group); }
  // Messages that limits or a forgetful broker took in this direction, since the start.
  std::uint64_t losses(Direction direction) const { return books_.lost(direction); }

  // For policies' steps. See Appender.
  AppendResult emit(std::string_view bytes, std::span<const Append> entries) {
    return appender_.emit(bytes, entries);
  }
  void note_central(bool up) { appender_.note_central(up); }
  void quarantine(const QuarantineEntry& entry) { books_.quarantine(entry); }
  // By command: see Quarantine.
  void requeue(std::int64_t number, std::string_view into = {},
               const Quarantine::Routed& routed = {}) {
    quarantine_.requeue(number, into, routed);
  }
  void drop_quarantined(std::int64_t number) { quarantine_.drop(number); }
  std::uint64_t set_aside(LaneId lane, const std::string& reason, std::size_t bytes_max) {
    return quarantine_.set_aside(lane, reason, bytes_max);
  }

  // See Tightening and LaneOrder.
  std::vector<Discard> plan_limits(const LimitsOfFile& limits) { return tightening_.plan(limits); }
  void apply_limits(const std::vector<Discard>& plan, const LimitsOfFile& limits) {
    tightening_.apply(plan, limits);
  }
  void put_behind(LaneId lane, LaneId former) { order_.put_behind(lane, former); }

  // Messages of a topic that are held, from a sequence on: at least one if there is one, then up to
  // about `bytes_max`. Each is a batch of its own.
  std::vector<BatchPtr> read_held(LaneId lane, const std::string& topic, std::uint64_t from,
                                  std::size_t bytes_max);
  std::vector<HeldTopic> held(LaneId lane) const { return books_.held().topics(lane); }

  // A policy's input has its fate. Unlike progress(), it is forgotten when the commit fails.
  void settle_input(LaneId lane, std::uint64_t sequence, std::uint64_t bytes, Fate fate);
  // The store in a transaction that wants a commit soon.
  Store& change();

  // See Sessions, BatchReader, Resumption.
  void enter_session(Direction in, const SessionStart& start) { sessions_.enter(in, start); }
  void leave_session(Direction in) { sessions_.leave(in); }
  bool unfamiliar(Direction out) const { return sessions_.unfamiliar(out); }
  bool forgotten(Direction out) const { return sessions_.forgotten(out); }
  bool expired(Direction out) const { return sessions_.expired(out); }
  void cleared(Direction out) { sessions_.cleared(out); }
  // But for what waits for another lane: see LaneOrder.
  std::vector<BatchPtr> read(LaneId lane, std::uint64_t from, std::size_t bytes_max);
  std::vector<LanePosition> positions(Direction direction, const FarKnowledge& far) {
    return resumption_.positions(direction, far);
  }
  std::uint64_t connection(Direction direction, const FarKnowledge& far) {
    return resumption_.connection(direction, far);
  }
  bool namesake(Direction direction, const FarKnowledge& far) {
    return resumption_.namesake(direction, far);
  }

  ReplayAnswer replay(LaneId lane, const std::optional<SequenceRange>& range) {
    return resumption_.replay(lane, range);
  }

  // Wall time and age of a batch.
  std::int64_t captured_wall_ms(const Batch& batch) const;
  std::int64_t age_ms(const Batch& batch) const;
  const Timeline& timeline() const { return timeline_; }

  // Whether commit() has something to write now: appends at once, cursors a little later.
  bool must_commit() const { return transaction_.due(); }
  // What the transaction under way has taken in: a long one wants room twice, in log and file.
  std::uint64_t uncommitted_bytes() const { return retention_.uncommitted_bytes(); }
  // Throws DatabaseError, or BooksError: reopen() then. `later`: what has crossed may wait for a
  // later commit, for some seconds; its row would be half of what is written for a lone message.
  enum class Cursors { now, later };
  void commit(Cursors cursors = Cursors::now);
  std::uint64_t commits() const { return commits_; }
  // The log is long, and no transaction under way.
  bool must_checkpoint() const;
  // Copies the log into the file if it must be, which takes milliseconds: after a commit, when
  // those who waited for it have their answers. Throws DatabaseError.
  void checkpoint(Database::Sync sync = Database::Sync::now);
  // The same however short it is, at the end: SQLite's own closing would not tell of an error.
  void empty_log();
  void reopen();  // throws JournalError
  // What the last reopen() had to do since the journal's files had gone, for the log; empty:
  // nothing.
  const LogMending& log_mending() const { return transaction_.store().log_mending(); }
  const std::string& mended_files() const { return put_back_; }
  // Whether the files that are open are still those at their paths.
  bool in_place() const { return transaction_.store().in_place(); }
  bool starved() const { return starved_; }
  // Whether reopen() is likely to end that.
  bool has_room_to_commit() const;
  void maintain();  // about once a second: expiry, trimming, checkpoint, free space; commits

  const RetainedSize& retained_size(Direction in) const { return retained_rows_.size(in); }
  // See Repeats::forgotten.
  std::uint64_t journaled_twice(Direction in) const { return repeats_.forgotten(in); }
  // Of what only the store knows, the last that it said while it cannot be read; then `trouble`
  // says why. Does not throw what the store throws.
  JournalReport report();
  Store& store() { return transaction_.store(); }
  const RepeatLedger& repeat_ledger() const { return repeat_ledger_; }

  void on_loss(std::function<void(const Loss&, const LaneState&)> told) {
    books_.on_loss = std::move(told);  // after it was written down
  }

 private:
  void load();
  void open_again();
  void enter_boot();
  void put_back();
  void note_log_damage();
  bool try_to_enter_boot();
  void report_lanes();
  void report_store();
  void give_up(LaneState& lane, const BatchHead& head, Fate fate, const char* reason);
  bool give_up_held(LaneState& lane, Fate fate, const char* reason);
  void keep_ballast();
  void age_held(LaneState& lane, const Now& at);

  JournalSettings settings_;
  std::string bridge_id_;
  Transaction transaction_;
  Timeline timeline_;
  Books books_;
  Repeats repeats_;
  RepeatLedger repeat_ledger_;
  Retention retention_;
  Tightening tightening_;
  LaneOrder order_;
  Ballast ballast_;
  StoredRetained retained_rows_;
  Retained retained_;
  Appender appender_;
  BatchReader reader_;
  Quarantine quarantine_;
  Sessions sessions_;
  Epoch epoch_;
  Resumption resumption_;
  std::uint64_t commits_ = 0;
  bool starved_ = false;
  std::string put_back_;
  LogMending log_damage_;          // found, and not committed yet
  std::vector<DrainRate> drains_;  // by lane id - 1
  JournalReport report_;           // the last one
};

}  // namespace bascule
