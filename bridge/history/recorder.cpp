#include "history/recorder.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "journal/books/books.hpp"

namespace bascule {
namespace {

constexpr std::int64_t sample_ms = HistoryRecorder::sample_s * 1'000;
constexpr std::size_t samples_unwritten_max = 60;
constexpr std::int64_t thin_every_ms = 3'600'000;
constexpr int thinned_at_once = 8;     // hours
constexpr int forgotten_at_once = 20;  // rows
constexpr int rows_at_once = 200;
constexpr std::uint64_t row_bytes = 64;   // of a row, besides its data
constexpr std::int64_t apart_ms = 1'000;  // of two rows that are one stretch, at the most
constexpr std::size_t samples_per_hour = 60;

std::uint64_t risen(std::uint64_t before, std::uint64_t now) { return now - std::min(before, now); }

}  // namespace

bool in_history(const LaneState& lane) { return !lane.input && lane.name != events_lane; }

void HistoryRecorder::look(JournalCore& core, const LinkStates& links, const Now& at,
                           const RoundTrips& round_trips) {
  join(round_trips_, round_trips);
  // A machine that slept has no samples of that time.
  const std::int64_t due_ms =
      from_ms_ + static_cast<std::int64_t>(block_.samples.size() + 1) * sample_ms;
  if (begun_ && at.boottime_ms >= due_ms + sample_ms) {
    block_.length_ms = due_ms - from_ms_;
    write(core, at);
  }
  if (!begun_) {
    begin(core, at.boottime_ms);
    return note_links(links, at.boottime_ms);
  }
  note_links(links, at.boottime_ms);
  if (at.boottime_ms < due_ms) return;
  sample(core);
  block_.length_ms = due_ms - from_ms_;
  if (block_.samples.size() < samples_per_row) return;
  write(core, at);
  if (!begun_) {
    begin(core, due_ms);
    note_links(links, due_ms);
  }
  thin(core, at);
}

void HistoryRecorder::begin(const JournalCore& core, std::int64_t at_ms) {
  begun_ = true;
  from_ms_ = at_ms;
  block_ = {};
  links_ = {};
  for (const LaneState& lane : core.lanes()) {
    if (!in_history(lane)) continue;
    counts_[lane.id] = {lane.journaled(), lane.count(Fate::forwarded),
                        lane.count(Fate::expired) + lane.count(Fate::evicted)};
  }
}

void HistoryRecorder::note_links(const LinkStates& links, std::int64_t at_ms) {
  for (std::size_t link = 0; link < links.size(); ++link) {
    if (!links[link] || links_[link] == links[link]) continue;
    if (block_.changes.size() >= HistoryBlock::changes_max) continue;
    links_[link] = links[link];
    block_.changes.push_back({at_ms - from_ms_, static_cast<int>(link), *links[link]});
  }
}

void HistoryRecorder::sample(JournalCore& core) {
  LaneSamples lanes;
  for (const LaneReport& report : core.report().lanes) {
    const LaneState& lane = report.state;
    if (!in_history(lane)) continue;
    const Counts now{lane.journaled(), lane.count(Fate::forwarded),
                     lane.count(Fate::expired) + lane.count(Fate::evicted)};
    Counts& before = counts_.try_emplace(lane.id, now).first->second;
    lanes[lane.id] = {lane.backlog(), risen(before.received, now.received),
                      risen(before.forwarded, now.forwarded), risen(before.lost, now.lost),
                      static_cast<std::uint64_t>(report.oldest_age_ms / 1'000)};
    before = now;
  }
  block_.samples.push_back(std::move(lanes));
  block_.round_trips.push_back(std::exchange(round_trips_, {}));
}

void HistoryRecorder::write(JournalCore& core, const Now& at) {
  if (core.starved() || core.report().full) {
    if (block_.samples.size() >= samples_unwritten_max) begun_ = false;
    return;
  }
  begun_ = false;
  learn_sizes(core.store());
  const std::int64_t number = sizes_.empty() ? 1 : sizes_.rbegin()->first + 1;
  const HistoryRow row{number, core.timeline().current(), from_ms_, sample_s, encode(block_)};
  core.change().history().save(row);
  bytes_ += sizes_[number] = row.data.size() + row_bytes;
  give_up_oldest(core, at);
}

void HistoryRecorder::learn_sizes(Store& store) {
  if (std::exchange(sizes_known_, true)) return;
  for (std::int64_t from = 0;;) {
    const auto rows = store.history().rows(from, rows_at_once);
    for (const HistoryRow& row : rows) bytes_ += sizes_[row.number] = row.data.size() + row_bytes;
    if (rows.size() < static_cast<std::size_t>(rows_at_once)) return;
    from = rows.back().number + 1;
  }
}

void HistoryRecorder::give_up_oldest(JournalCore& core, const Now& at) {
  while (!sizes_.empty()) {
    const auto [number, bytes] = *sizes_.begin();
    const auto oldest = core.store().history().rows(number, 1);
    if (!oldest.empty() && bytes_ <= bytes_max &&
        core.timeline().age_ms(oldest[0].boot, oldest[0].from_ms, at) <= forget_after_ms) {
      return;
    }
    core.change().history().erase(number);
    sizes_.erase(sizes_.begin());
    bytes_ -= bytes;
  }
}

void HistoryRecorder::close(JournalCore& core, const Now& at) {
  if (!begun_) return;
  block_.length_ms = at.boottime_ms - from_ms_;
  write(core, at);
  begun_ = false;
}

std::optional<HistoryRow> HistoryRecorder::under_way(const JournalCore& core, const Now& at) const {
  if (!begun_) return std::nullopt;
  HistoryBlock block = block_;
  block.length_ms = std::max(block.length_ms, at.boottime_ms - from_ms_);
  return HistoryRow{0, core.timeline().current(), from_ms_, sample_s, encode(block)};
}

void HistoryRecorder::thin(JournalCore& core, const Now& at) {
  if (thinned_ms_ != 0 && at.boottime_ms - thinned_ms_ < thin_every_ms) return;
  for (int hours = 0; hours < thinned_at_once; ++hours) {
    if (thin_next(core, at)) continue;
    thinned_ms_ = at.boottime_ms;
    return;
  }
}

// Makes the next stretch of rows that are old enough, of an hour at the most, one row of samples of
// ten minutes. False: there is none yet.
bool HistoryRecorder::thin_next(JournalCore& core, const Now& at) {
  const auto rows = core.store().history().rows(thin_from_, static_cast<int>(samples_per_hour));
  std::optional<HistoryRow> first;
  HistoryBlock stretch;
  std::vector<std::int64_t> joined;
  for (const HistoryRow& row : rows) {
    const auto block = row.step_s == sample_s ? decode_block(row.data) : std::nullopt;
    if (!first && !block) {
      thin_from_ = row.number + 1;
      continue;
    }
    if (core.timeline().age_ms(row.boot, row.from_ms, at) < thin_after_ms) {
      if (!first || stretch.samples.size() < samples_per_hour) return false;
      break;
    }
    if (!first) {
      first = row;
    } else if (!block || row.boot != first->boot ||
               std::abs(row.from_ms - first->from_ms - stretch.length_ms) > apart_ms ||
               stretch.samples.size() + block->samples.size() > samples_per_hour) {
      break;
    }
    append(stretch, *block);
    joined.push_back(row.number);
  }
  if (!first) return rows.size() == samples_per_hour;  // all of these are thin
  if (joined.size() == rows.size() && stretch.samples.size() < samples_per_hour) return false;
  for (const std::int64_t number : joined) {
    core.change().history().erase(number);
    bytes_ -= sizes_[number];
    sizes_.erase(number);
  }
  first->step_s = thin_sample_s;
  first->data = encode(thinned(stretch, thin_sample_s / sample_s));
  core.change().history().save(*first);
  bytes_ += sizes_[first->number] = first->data.size() + row_bytes;
  thin_from_ = first->number + 1;
  return true;
}

}  // namespace bascule
