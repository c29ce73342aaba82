#include "journal/core.hpp"

#include <algorithm>
#include <stdexcept>

#include "journal/lane/crc32c.hpp"

namespace bascule {
namespace {

constexpr std::size_t tail_bytes_max = 8 << 20;
constexpr int checkpoint_pages = 1'000;
constexpr std::int64_t idle_ms = 5'000;  // without an append

}  // namespace

JournalCore::JournalCore(JournalSettings settings, std::string bridge_id,
                         std::vector<LaneSettings> lanes)
    : settings_(std::move(settings)),
      bridge_id_(std::move(bridge_id)),
      lane_settings_(std::move(lanes)),
      tail_(tail_bytes_max),
      retention_(settings_, [this](LaneState& lane, const BatchHead& head, Fate fate,
                                   const char* reason) { give_up(lane, head, fate, reason); }),
      ballast_(settings_.data_dir) {
  store_ = std::make_unique<Store>(settings_, bridge_id_);
  try {
    load();
    if (!settings_.look_only) enter_boot();
  } catch (const DatabaseError& e) {
    throw JournalError("cannot read the journal in " + settings_.data_dir + ": " + e.what());
  }
}

JournalCore::~JournalCore() { leave_boot(); }

Store& JournalCore::write() {
  if (store_ == nullptr) throw JournalError("the journal is closed");
  if (!in_transaction_) {
    store_->begin();
    in_transaction_ = true;
  }
  return *store_;
}

LaneState& JournalCore::state(LaneId lane) { return lanes_.at(lane - 1U); }

LaneId JournalCore::lane(Direction direction, std::string_view name) const {
  for (const LaneState& lane : lanes_) {
    if (lane.direction == direction && lane.name == name) return lane.id;
  }
  return 0;
}

void JournalCore::load() {
  lanes_ = store_->load_lanes();
  const auto ensure = [&](Direction direction, std::string_view name) {
    if (lane(direction, name) != 0) return;
    write().add_lane(direction, std::string(name));
    lanes_ = store_->load_lanes();
  };
  for (const Direction direction : {Direction::up, Direction::down}) {
    ensure(direction, "default");
    for (const LaneSettings& lane : lane_settings_) ensure(direction, lane.name);
  }
  ensure(Direction::up, events_lane);
  timeline_ = {};
  for (auto& [number, boot] : store_->load_boots()) timeline_.add(number, boot);
  timeline_.enter(settings_.boot, now());
  write().save_boot(timeline_.current(), timeline_.boot(timeline_.current()));

  lanes_ = store_->load_lanes();
  for (LaneState& lane : lanes_) {
    if (lane.id != &lane - lanes_.data() + 1) {
      throw JournalError("the journal's table of lanes has a hole before " + lane.name);
    }
    for (const LaneSettings& settings : lane_settings_) {
      if (settings.name == lane.name) lane.settings = settings;
    }
    lane.settings.name = lane.name;
    lane.input = lane.name.starts_with(input_lane_prefix);
    lane.chain = crc32c(0, store_->epoch());
    if (const BatchPtr newest = store_->newest(lane.id)) {
      RecordReader reader(lane.id, newest->first, newest->chain, newest->data,
                          RecordReader::Check::checksums);
      while (const auto record = reader.next()) lane.chain = record->crc;
      lane.appended_bytes = newest->before_bytes + newest->data.size();
      const std::uint64_t stored_end = newest->last() + 1;
      // The cursor's row is ahead of the newest batch: the end of the log was lost or cut off.
      if (stored_end < lane.next) close_gap(lane, stored_end, lane.next - 1);
      lane.next = std::max(lane.next, stored_end);
    }
    lane.appended_bytes = std::max(lane.appended_bytes, lane.resolved_bytes);
  }
  for (const Direction direction : {Direction::up, Direction::down}) {
    tallies_[direction] = store_->load_tally(direction);
    received_[direction] =
        tallies_[direction].unrouted + tallies_[direction].repeats + tallies_[direction].refused;
    for (const LaneState& lane : lanes_) {
      if (lane.direction == direction && lane.name != events_lane)
        received_[direction] += lane.journaled();
    }
    received_[direction] -= tallies_[direction].emitted;
  }
  central_up_ = store_->central_up();
  open_.assign(lanes_.size(), nullptr);
  repeats_.load(*store_, lanes_);
  retention_.forget();
  retention_.measure(*store_);
}

bool JournalCore::must_commit() const {
  return urgent_ || (dirty_since_ms_ != 0 && boottime_ms() - dirty_since_ms_ >= flush_after_ms);
}

void JournalCore::commit() {
  for (LaneState& lane : lanes_) {
    close_batch(lane);
    if (lane.dirty) write().save(lane);
  }
  repeats_.save(write());
  if (tally_dirty_) {
    for (const Direction direction : {Direction::up, Direction::down}) {
      store_->save_tally(direction, tallies_[direction]);
    }
    tally_dirty_ = false;
  }
  check_books();
  store_->commit();
  repeats_.committed();
  in_transaction_ = false;
  urgent_ = false;
  dirty_since_ms_ = 0;
  retention_.committed();
  unsaved_.clear();
  entered_ = {};
  ++commits_;
  for (BatchPtr& batch : committing_) tail_.push(std::move(batch));
  committing_.clear();
}

bool JournalCore::must_checkpoint() const {
  return !in_transaction_ && store_->log_pages() >= checkpoint_pages;
}

void JournalCore::checkpoint(Database::Sync sync) {
  if (must_checkpoint()) store_->checkpoint(sync);
}

void JournalCore::reopen() {
  const std::vector<LaneState> known = lanes_;
  store_.reset();
  in_transaction_ = urgent_ = tally_dirty_ = false;
  dirty_since_ms_ = 0;
  committing_.clear();
  tail_.clear();
  if (free_bytes_in(settings_.data_dir) < Ballast::size_bytes) ballast_.give_up();
  try {
    store_ = std::make_unique<Store>(settings_, bridge_id_);
    load();
    for (const Direction direction : {Direction::up, Direction::down}) {
      const auto& entered = entered_[direction];
      if (entered) apply_session(direction, entered->first, entered->second);
    }
    for (const Progress& progress : unsaved_) apply(progress);
    enter_boot();
  } catch (const std::exception& e) {
    store_.reset();
    lanes_ = known;
    throw JournalError(e.what());
  }
}

void JournalCore::check_books() const {
  for (const Direction direction : {Direction::up, Direction::down}) {
    std::uint64_t sum =
        tallies_[direction].unrouted + tallies_[direction].repeats + tallies_[direction].refused;
    for (const LaneState& lane : lanes_) {
      if (!lane.balanced())
        throw std::logic_error("the books of lane " + lane.name + " do not balance");
      if (lane.direction == direction && lane.name != events_lane) sum += lane.journaled();
    }
    if (sum != received_[direction] + tallies_[direction].emitted) {
      throw std::logic_error("received + emitted " + std::string(to_string(direction)) +
                             " is not journaled + unrouted + repeats + refused");
    }
  }
}

void JournalCore::lose(LaneState& lane, Loss loss) {
  loss.at_ms = now().wall_ms;
  write().add_loss(loss);
  if (on_loss) on_loss(loss, lane);
}

// What of the batch still waits gets its fate and a row each in the ledger.
void JournalCore::give_up(LaneState& lane, const BatchHead& head, Fate fate, const char* reason) {
  for (const SequenceRange& range : lane.waiting(head.first, head.last())) {
    const bool whole = range == SequenceRange{head.first, head.last()};
    const std::uint64_t bytes = whole ? head.bytes : bytes_of(lane, range);
    const std::uint64_t count = lane.resolve(range.first, range.last, bytes, fate);
    lose(lane, {lane.id, range.first, range.last, count, bytes, reason, 0});
  }
  // Nobody may get from memory what the ledger calls lost.
  tail_.forget(lane.id, head.first);
  std::erase_if(committing_, [&](const BatchPtr& batch) {
    return batch->lane == lane.id && batch->first == head.first;
  });
}

std::int64_t JournalCore::captured_wall_ms(const Batch& batch) const {
  return timeline_.wall_ms(batch.boot, batch.captured_ms);
}
std::int64_t JournalCore::age_ms(const Batch& batch) const {
  return timeline_.age_ms(batch.boot, batch.captured_ms, now());
}

void JournalCore::maintain() {
  const Now at = now();
  if (timeline_.adjust(at)) {
    write().save_boot(timeline_.current(), timeline_.boot(timeline_.current()));
  }
  retention_.measure(*store_);
  ballast_.keep(store_->free_bytes(), settings_.min_free_bytes);
  for (LaneState& lane : lanes_) {
    retention_.expire(write(), lane, timeline_, at);
    retention_.trim(write(), lane, timeline_, at);
    if (lane.input) {
      const auto heads = store_->heads(lane.id, 0, 1);
      if (!heads.empty()) write().erase_decisions(lane.id, heads.front().first);
    }
  }
  commit();  // writes nothing if nothing changed
  if (at.boottime_ms - appended_ms_ > idle_ms) {
    store_->checkpoint(Database::Sync::now);
    store_->give_back_pages();
  }
}

JournalReport JournalCore::report() {
  JournalReport report;
  report.epoch = store_->epoch();
  report.schema = store_->schema();
  report.used_bytes = store_->used_bytes();
  report.free_bytes = store_->free_bytes();
  report.full = retention_.full();
  report.resent = resent_;
  report.commits = commits_;
  report.lost = store_->lost_messages();
  report.cases = store_->open_cases(0);
  report.received = received_;
  report.tallies = tallies_;
  for (const LaneState& lane : lanes_) {
    LaneReport entry{lane, 0, 0, 0};
    if (const auto heads = store_->heads(lane.id, 0, 1); !heads.empty()) {
      entry.first_stored = heads.front().first;
      entry.stored_bytes = lane.appended_bytes - heads.front().before_bytes;
    }
    if (lane.pending() > 0) {
      if (const auto heads = store_->heads(lane.id, lane.cursor + 1, 1); !heads.empty()) {
        entry.oldest_age_ms =
            timeline_.age_ms(heads.front().boot, heads.front().captured_ms, now());
      }
    }
    report.lanes.push_back(std::move(entry));
  }
  return report;
}

}  // namespace bascule
