#include "journal/core.hpp"

#include <algorithm>
#include <stdexcept>

#include "journal/store/journal_damaged.hpp"
#include "journal/store/sqlite/gather_vfs.hpp"

namespace bascule {
namespace {

constexpr int checkpoint_pages = 1'000;
constexpr std::int64_t idle_ms = 5'000;        // without an append
constexpr std::uint64_t quarantine_share = 4;  // of max_size it has one part in so many
constexpr std::uint64_t retained_share = 8;    // likewise, of each direction
constexpr int held_per_turn = 1'000;           // that age ends at once
constexpr std::uint64_t room_to_commit = 1 << 20;

}  // namespace

JournalCore::JournalCore(JournalSettings settings, std::string bridge_id,
                         std::vector<LaneSettings> lanes)
    : settings_(std::move(settings)),
      bridge_id_(std::move(bridge_id)),
      books_(transaction_, std::move(lanes), settings_.max_size_bytes / quarantine_share),
      retention_(
          settings_,
          [this](LaneState& lane, const BatchHead& head, Fate fate, const char* reason) {
            give_up(lane, head, fate, reason);
          },
          [this](LaneState& lane, Fate fate, const char* reason) {
            return give_up_held(lane, fate, reason);
          }),
      tightening_(transaction_, books_, retention_, timeline_),
      order_(transaction_, books_),
      ballast_(settings_.data_dir),
      retained_rows_(transaction_, books_, settings_.max_size_bytes / retained_share),
      retained_(retained_rows_),
      appender_(transaction_, books_, repeats_, repeat_ledger_, retention_, retained_, timeline_),
      reader_(transaction_, books_, appender_),
      quarantine_(transaction_, books_, appender_, reader_),
      sessions_(transaction_, books_, repeats_, timeline_),
      epoch_(transaction_, books_, settings_),
      resumption_(transaction_, books_, epoch_, sessions_, reader_, retention_, timeline_) {
  if (!settings_.look_only && free_bytes_in(settings_.data_dir) < drain_bytes) ballast_.give_up();
  transaction_.open(settings_, bridge_id_);
  try {
    load();
    sessions_.end_former();
    if (!settings_.look_only) enter_boot();
  } catch (const DatabaseError& e) {
    const std::string why = "cannot read the journal in " + settings_.data_dir + ": " + e.what();
    if (e.damaged()) throw JournalDamaged(why);
    throw JournalError(why);
  }
}

JournalCore::~JournalCore() { epoch_.leave_boot(); }

void JournalCore::load() {
  Store& store = transaction_.store();
  timeline_ = {};
  for (auto& [number, boot] : store.meta().boots()) timeline_.add(number, boot);
  timeline_.enter(settings_.boot, now());
  transaction_.write().meta().save_boot(timeline_.current(), timeline_.boot(timeline_.current()));
  books_.load();
  order_.load();
  appender_.load();
  repeats_.load(store, books_.lanes());
  repeat_ledger_.load(store);
  retained_rows_.load();
  retained_.load();
  retention_.forget();
  retention_.reserve(ballast_.missing_bytes());
  retention_.measure(store);
  note_log_damage();
}

// The numbers of commits that are lost were given to messages that may have crossed: what comes
// now must not have them. So the journal goes on as after commits that were not synced.
void JournalCore::note_log_damage() {
  const LogMending& found = transaction_.store().log_mending();
  log_damage_.bits += found.bits;
  log_damage_.left += found.left;
  log_damage_.lost_commits += found.lost_commits;
  if (!log_damage_.any()) return;
  MetaTable& meta = transaction_.write().meta();
  LogDamage damage = meta.log_damage();
  damage.bits += log_damage_.bits;
  damage.left += log_damage_.left;
  damage.lost_commits += log_damage_.lost_commits;
  damage.last_ms = now().wall_ms;
  meta.save_log_damage(damage);
  if (log_damage_.lost_commits > 0) meta.save_unsynced("");
}

// A full disk gets the ballast's room; if that is not enough, the commit waits until there is more.
void JournalCore::enter_boot() {
  starved_ = false;
  if (try_to_enter_boot()) return;
  ballast_.give_up();
  open_again();
  if (try_to_enter_boot()) return;
  open_again();
  if (epoch_.due()) {
    throw JournalError("the disk of " + settings_.data_dir +
                       " is full, and the journal needs room to begin a new epoch; make room");
  }
  starved_ = true;
}

// The opening's last commit: see Epoch. False: the disk has no room for it.
bool JournalCore::try_to_enter_boot() {
  if (epoch_.enter_boot()) {
    for (const Direction out : both_directions) sessions_.estrange(out);
  }
  try {
    commit();
  } catch (const DatabaseError& e) {
    if (!e.full()) throw;
    return false;
  }
  epoch_.boot_entered();
  log_damage_ = {};
  return true;
}

bool JournalCore::has_room_to_commit() const {
  return free_bytes_in(settings_.data_dir) >= room_to_commit;
}

void JournalCore::settle_input(LaneId lane, std::uint64_t sequence, std::uint64_t bytes,
                               Fate fate) {
  books_.state(lane).resolve(sequence, sequence, bytes, fate);
  transaction_.urge();
}

Store& JournalCore::change() {
  transaction_.urge();
  return transaction_.write();
}

void JournalCore::commit(Cursors cursors) {
  if (starved_) throw JournalError("the disk is full");
  const bool whole = cursors == Cursors::now || transaction_.ripe();
  appender_.close_batches();
  books_.save(whole);
  repeats_.save(transaction_.write());
  repeat_ledger_.save(transaction_.write());
  retained_rows_.save_sizes();
  books_.check();
  transaction_.commit(whole);
  repeats_.committed();
  retention_.committed();
  books_.committed();
  sessions_.committed();
  ++commits_;
  reader_.committed(appender_.take_committed());
}

bool JournalCore::must_checkpoint() const {
  return !transaction_.under_way() && transaction_.store().log_pages() >= checkpoint_pages;
}

void JournalCore::empty_log() { transaction_.store().checkpoint(Database::Sync::now); }

void JournalCore::checkpoint(Database::Sync sync) {
  if (must_checkpoint()) transaction_.store().checkpoint(sync);
}

void JournalCore::open_again() {
  transaction_.close();
  transaction_.open(settings_, bridge_id_);
  load();
  sessions_.repeat_entered();
  books_.repeat_told();
}

// Closing it would be the end of a file that no path leads to any more.
void JournalCore::put_back() {
  put_back_.clear();
  if (!transaction_.is_open() || transaction_.store().in_place()) return;
  try {
    transaction_.roll_back();
    put_back_ = transaction_.store().put_back();
  } catch (const JournalError&) {
    throw;
  } catch (const std::exception& e) {
    throw JournalError("the journal's file was removed, and cannot be written anew: " +
                       std::string(e.what()));
  }
}

void JournalCore::reopen() {
  put_back();
  transaction_.close();
  settings_.must_exist = true;  // a journal that vanished is not begun anew
  reader_.clear();
  if (free_bytes_in(settings_.data_dir) < drain_bytes) ballast_.give_up();
  try {
    open_again();
    try {
      books_.check();
    } catch (const BooksError&) {
      // What a forwarder has told does not fit what is there. Without it messages cross again;
      // with it the journal would never write again.
      books_.forget_told();
      open_again();
    }
    enter_boot();
  } catch (const std::exception& e) {
    transaction_.close();
    throw JournalError(e.what());
  }
}

// What of the batch still waits gets its fate and a row each in the ledger.
void JournalCore::give_up(LaneState& lane, const BatchHead& head, Fate fate, const char* reason) {
  for (const SequenceRange& range : lane.backlog_in(head.first, head.last())) {
    const bool whole = range == SequenceRange{head.first, head.last()};
    const std::uint64_t bytes = whole ? head.bytes : reader_.bytes_of(lane, range);
    const std::uint64_t count = lane.resolve(range.first, range.last, bytes, fate);
    books_.lose(lane, {lane.id, range.first, range.last, count, bytes, reason, 0});
  }
  // Nobody may get from memory what the ledger calls lost.
  reader_.forget(lane.id, head.first);
  appender_.forget(lane.id, head.first);
}

bool JournalCore::give_up_held(LaneState& lane, Fate fate, const char* reason) {
  const auto oldest = transaction_.store().held().oldest(lane.id);
  if (!oldest) return false;
  const std::uint64_t sequence = oldest->place.sequence;
  const auto bytes = books_.release(lane, sequence, fate);
  if (bytes) books_.lose(lane, {lane.id, sequence, sequence, 1, *bytes, reason, 0});
  return bytes.has_value();
}

// What is held too long expires, or goes into the quarantine, as the lane's settings say.
void JournalCore::age_held(LaneState& lane, const Now& at) {
  const auto& ttl = lane.settings.ttl_ms;
  const auto& limit = lane.settings.quarantine_held_after_ms;
  for (int i = 0; i < held_per_turn && lane.held > 0 && (ttl || limit); ++i) {
    const auto oldest = transaction_.store().held().oldest(lane.id);
    if (!oldest) return;
    const std::int64_t age_ms = timeline_.age_ms(oldest->boot, oldest->captured_ms, at);
    if (ttl && age_ms >= *ttl) {
      give_up_held(lane, Fate::expired, "ttl");
    } else if (limit && age_ms >= *limit) {
      std::string reason = "held too long";
      for (const HeldTopic& topic : books_.held().topics(lane.id)) {
        if (topic.topic == oldest->topic) reason = topic.reason + "; " + reason;
      }
      books_.quarantine(quarantine_entry(lane.direction, oldest->place,
                                         read_record(oldest->record).message, reason));
      books_.release(lane, oldest->place.sequence, Fate::quarantined);
    } else {
      return;
    }
  }
}

std::vector<BatchPtr> JournalCore::read_held(LaneId lane, const std::string& topic,
                                             std::uint64_t from, std::size_t bytes_max) {
  std::vector<BatchPtr> batches;
  for (HeldRow& row : transaction_.store().held().read(lane, topic, from, bytes_max)) {
    auto batch = std::make_shared<Batch>();
    batch->lane = lane;
    batch->first = row.place.sequence;
    batch->count = 1;
    batch->boot = row.boot;
    batch->captured_ms = row.captured_ms;
    batch->data = std::move(row.record);
    batches.push_back(std::move(batch));
  }
  return batches;
}

std::vector<BatchPtr> JournalCore::read(LaneId lane, std::uint64_t from, std::size_t bytes_max) {
  const std::uint64_t end = order_.end(lane);
  if (from >= end) return {};
  std::vector<BatchPtr> batches = reader_.read(lane, from, bytes_max);
  std::erase_if(batches, [end](const BatchPtr& batch) { return batch->first >= end; });
  return batches;
}

std::int64_t JournalCore::captured_wall_ms(const Batch& batch) const {
  return timeline_.wall_ms(batch.boot, batch.captured_ms);
}
std::int64_t JournalCore::age_ms(const Batch& batch) const {
  return timeline_.age_ms(batch.boot, batch.captured_ms, now());
}

void JournalCore::maintain() {
  const Now at = now();
  Store& store = transaction_.store();
  if (timeline_.adjust(at)) {
    transaction_.write().meta().save_boot(timeline_.current(), timeline_.boot(timeline_.current()));
  }
  retention_.measure(store);
  drains_.resize(books_.lanes().size());
  for (LaneState& lane : books_.lanes()) {
    drains_[lane.id - 1U].look(at.boottime_ms, lane.count(Fate::forwarded), lane.in_order());
    retention_.expire(transaction_.write(), lane, timeline_, at);
    age_held(lane, at);
    retention_.note_crossing(lane, timeline_, at);
    retained_rows_.sweep(lane);
    retention_.trim(transaction_.write(), lane, timeline_, at);
    if (lane.input) {
      const auto heads = store.batches().heads(lane.id, 0, 1);
      if (!heads.empty()) {
        transaction_.write().policies().erase_decisions(lane.id, heads.front().first);
      }
    }
  }
  const bool passed = order_.forget_passed();
  // Writes nothing if nothing changed.
  commit(passed ? Cursors::now : Cursors::later);
  keep_ballast();
  if (at.boottime_ms - appender_.appended_ms() > idle_ms) {
    store.checkpoint(Database::Sync::now);
    store.give_back_pages();
  }
}

// A small disk may have its room in the log, or in the file's free pages.
void JournalCore::keep_ballast() {
  Store& store = transaction_.store();
  const std::uint64_t wanted = retention_.least_free_bytes() + ballast_.missing_bytes();
  const std::uint64_t to_be_had = store.free_bytes() + store.log_bytes() + store.spare_bytes();
  const bool for_ballast =
      ballast_.missing_bytes() > 0 && store.free_bytes() < wanted && to_be_had >= wanted;
  if (for_ballast || retention_.lacks_disk()) store.shrink();
  ballast_.keep(store.free_bytes(), retention_.least_free_bytes());
  retention_.reserve(ballast_.missing_bytes());
  retention_.measure(store);
}

JournalReport JournalCore::report() {
  report_.resent = books_.resent();
  report_.commits = commits_;
  report_.written_bytes = database_bytes_written();
  report_.placed = messages_placed();
  report_.full = starved_;
  report_.free_bytes = free_bytes_in(settings_.data_dir);
  report_.received = books_.received();
  report_.tallies = books_.tallies();
  for (const Direction direction : both_directions) {
    report_.retained[direction] = retained_rows_.size(direction);
    report_.journaled_twice[direction] = repeats_.forgotten(direction);
    report_.looped[direction] = repeat_ledger_.total(direction, RepeatKind::looped);
    report_.copied[direction] = repeat_ledger_.total(direction, RepeatKind::copied);
  }
  report_lanes();
  report_.trouble.clear();
  try {
    report_store();
  } catch (const std::exception& e) {
    report_.trouble = e.what();
  }
  return report_;
}

void JournalCore::report_lanes() {
  report_.lanes.resize(books_.lanes().size());
  for (const LaneState& lane : books_.lanes()) {
    LaneReport& entry = report_.lanes[lane.id - 1U];
    entry.state = lane;
    entry.held = books_.held().topics(lane.id);
    const auto wait = order_.wait(lane.id);
    entry.behind = wait ? books_.state(wait->former).name : "";
    entry.behind_messages = wait ? wait->messages : 0;
    if (lane.id <= drains_.size()) entry.drained_per_s = drains_[lane.id - 1U].per_s();
  }
}

void JournalCore::report_store() {
  Store& store = transaction_.store();
  report_.epoch = store.epoch();
  report_.schema = store.schema();
  report_.used_bytes = store.used_bytes();
  retention_.measure(store);  // nothing may have been appended for long
  report_.full = starved_ || retention_.full(store, books_.lanes());
  report_.lost = store.losses().messages();
  report_.lost_ms = store.losses().last_ms();
  report_.not_resent = store.losses().not_resent();
  report_.cases = store.policies().open_cases(0);
  report_.quarantine = store.quarantine().size();
  report_.log_damage = store.meta().log_damage();
  report_.pauses = store.meta().pauses();
  for (Pause& pause : report_.pauses) {
    if (pause.for_ms == 0) continue;
    const std::int64_t age_ms = timeline_.age_ms(pause.boot, pause.boottime_ms, now());
    pause.left_ms = std::max<std::int64_t>(0, pause.for_ms - age_ms);
  }
  for (const Direction direction : both_directions) {
    report_.forgotten[direction] = store.meta().forgotten(direction);
    report_.expired[direction] = store.meta().expired(direction);
  }
  for (LaneReport& entry : report_.lanes) {
    const LaneState& lane = entry.state;
    entry.oldest_age_ms = 0;
    entry.first_stored = entry.stored_bytes = 0;
    if (const auto heads = store.batches().heads(lane.id, 0, 1); !heads.empty()) {
      entry.first_stored = heads.front().first;
      entry.stored_bytes = lane.appended_bytes - heads.front().before_bytes;
    }
    if (lane.backlog() > 0) {
      if (const auto heads = store.batches().heads(lane.id, lane.cursor + 1, 1); !heads.empty()) {
        entry.oldest_age_ms =
            timeline_.age_ms(heads.front().boot, heads.front().captured_ms, now());
      }
    }
    if (const auto held = store.held().oldest(lane.id); lane.held > 0 && held) {
      const std::int64_t age_ms = timeline_.age_ms(held->boot, held->captured_ms, now());
      entry.oldest_age_ms = std::max(entry.oldest_age_ms, age_ms);
    }
  }
}

}  // namespace bascule
