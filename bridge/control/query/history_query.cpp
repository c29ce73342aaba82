#include "control/query/history_query.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "history/block.hpp"
#include "text/time.hpp"
#include "text/words.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::int64_t day_ms = 24 * 3'600'000;
constexpr std::int64_t points_max = 2'000;
constexpr std::size_t rows_at_once = 200;
constexpr std::size_t stretches_max = 5'000;       // of a link
constexpr std::int64_t stretch_apart_ms = 10'000;  // two that are one: a restart takes a moment
constexpr const char* link_names[] = {"site", "central"};

struct Stretch {
  std::int64_t from_ms, until_ms;  // wall time
  LinkStatus::State state;
};

// Puts blocks where they belong in wall time.
class Plot {
 public:
  Plot(const Query& query, const Now& at)
      : until_ms_(time_of(query, "until").value_or(at.wall_ms)),
        from_ms_(time_of(query, "since").value_or(until_ms_ - day_ms)),
        points_(std::clamp<std::int64_t>(static_cast<std::int64_t>(query.number("points", 240)), 1,
                                         points_max)) {
    if (from_ms_ >= until_ms_) throw std::invalid_argument("since must be before until");
  }

  bool covers(std::int64_t from_ms, std::int64_t until_ms) const {
    return from_ms < until_ms_ && until_ms > from_ms_;
  }

  // The coarsest sample that is there is the finest step.
  void set_step(std::int64_t sample_s) {
    const auto up = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
    const std::int64_t sample_ms = sample_s * 1'000, range_ms = until_ms_ - from_ms_;
    step_ms_ = up(range_ms, points_ * sample_ms) * sample_ms;
    steps_ = static_cast<std::size_t>(up(range_ms, step_ms_));
    recorded_.assign(steps_, false);
    round_trips_.assign(steps_, {});
  }

  void add(const HistoryBlock& block, std::int64_t at_ms, std::int64_t sample_s) {
    for (std::size_t place = 0; place < block.samples.size(); ++place) {
      const LaneSamples& lanes = block.samples[place];
      const std::int64_t middle_ms = at_ms + sample_s * 500;
      at_ms += sample_s * 1'000;
      if (middle_ms < from_ms_ || middle_ms >= until_ms_) continue;
      const auto step = static_cast<std::size_t>((middle_ms - from_ms_) / step_ms_);
      recorded_[step] = true;
      for (const auto& [lane, sample] : lanes) lanes_[lane][step].join(sample);
      if (place < block.round_trips.size()) join(round_trips_[step], block.round_trips[place]);
    }
  }

  void add_links(const HistoryBlock& block, std::int64_t at_ms) {
    const std::int64_t end_ms = at_ms + block.length_ms;
    std::array<std::optional<Stretch>, 2> open;
    for (const LinkChange& change : block.changes) {
      auto& now = open[static_cast<std::size_t>(change.link)];
      if (now) close(change.link, *now, at_ms + change.at_ms);
      now = Stretch{at_ms + change.at_ms, end_ms, change.state};
    }
    for (int link = 0; link < 2; ++link) {
      if (const auto& now = open[static_cast<std::size_t>(link)]) close(link, *now, end_ms);
    }
  }

  json answer(const std::vector<LaneState>& lanes) const;

 private:
  static std::optional<std::int64_t> time_of(const Query& query, const char* name) {
    const auto text = query.text(name);
    if (!text) return std::nullopt;
    const auto time = parse_time(*text);
    if (!time) {
      throw std::invalid_argument(std::string(name) +
                                  " must be a time as 2026-11-22T13:30:00Z, not '" + *text + "'");
    }
    return time;
  }

  void close(int link, Stretch stretch, std::int64_t until_ms) {
    auto& all = stretches_[static_cast<std::size_t>(link)];
    stretch.from_ms = std::max(stretch.from_ms, from_ms_);
    stretch.until_ms = std::min(until_ms, until_ms_);
    if (stretch.from_ms >= stretch.until_ms || all.size() == stretches_max) return;
    if (!all.empty() && all.back().state == stretch.state &&
        std::abs(stretch.from_ms - all.back().until_ms) <= stretch_apart_ms) {
      all.back().until_ms = stretch.until_ms;
      return;
    }
    all.push_back(stretch);
  }

  json lane_answer(LaneId lane) const;
  json round_trips_answer(std::size_t link) const;

  std::int64_t until_ms_, from_ms_, points_;
  std::int64_t step_ms_ = 0;
  std::size_t steps_ = 0;
  std::vector<bool> recorded_;
  std::vector<RoundTrips> round_trips_;
  std::map<LaneId, std::map<std::size_t, LaneSample>> lanes_;
  std::array<std::vector<Stretch>, 2> stretches_;
};

json Plot::lane_answer(LaneId lane) const {
  json pending = json::array(), received = json::array(), forwarded = json::array(),
       lost = json::array(), oldest = json::array();
  const auto found = lanes_.find(lane);
  for (std::size_t step = 0; step < steps_; ++step) {
    if (!recorded_[step]) {
      for (json* values : {&pending, &received, &forwarded, &lost, &oldest}) {
        values->push_back(nullptr);
      }
      continue;
    }
    LaneSample sample;
    if (found != lanes_.end()) {
      if (const auto at = found->second.find(step); at != found->second.end()) sample = at->second;
    }
    pending.push_back(sample.pending);
    received.push_back(sample.received);
    forwarded.push_back(sample.forwarded);
    lost.push_back(sample.lost);
    oldest.push_back(sample.oldest_s);
  }
  return {{"pending", std::move(pending)},
          {"received", std::move(received)},
          {"forwarded", std::move(forwarded)},
          {"lost", std::move(lost)},
          {"oldest", std::move(oldest)}};
}

json Plot::round_trips_answer(std::size_t link) const {
  json values = json::array();
  for (const RoundTrips& step : round_trips_) {
    values.push_back(step[link] == 0 ? json() : json(static_cast<double>(step[link]) / 1'000));
  }
  return values;
}

json Plot::answer(const std::vector<LaneState>& lanes) const {
  json by_lane = json::object();
  for (const LaneState& lane : lanes) {
    if (!in_history(lane) || (lane.former && !lanes_.contains(lane.id))) continue;
    by_lane[std::string(to_string(lane.direction)) + '/' + lane.name] = lane_answer(lane.id);
  }
  json links = json::object(), round_trips = json::object();
  for (std::size_t link = 0; link < stretches_.size(); ++link) {
    if (link > 0 && stretches_[link].empty()) continue;  // a hub has none
    round_trips[link_names[link]] = round_trips_answer(link);
    json& list = links[link_names[link]] = json::array();
    for (const Stretch& stretch : stretches_[link]) {
      list.push_back({{"from", time_text(stretch.from_ms)},
                      {"until", time_text(stretch.until_ms)},
                      {"state", word_of(link_state_words, stretch.state)}});
    }
  }
  return {{"step", step_ms_ / 1'000},
          {"from", time_text(from_ms_)},
          {"until", time_text(from_ms_ + static_cast<std::int64_t>(steps_) * step_ms_)},
          {"lanes", std::move(by_lane)},
          {"links", std::move(links)},
          {"round_trips", std::move(round_trips)}};
}

}  // namespace

json history_answer(JournalCore& core, const HistoryRecorder& recorder, const Query& query,
                    const Now& at) {
  Plot plot(query, at);
  struct Placed {
    std::int64_t at_ms, step_s;
    std::string data;
  };
  std::vector<Placed> placed;
  std::int64_t coarsest_s = HistoryRecorder::sample_s;
  const auto place = [&](HistoryRow row) {
    const auto block = decode_block(row.data);
    const std::int64_t at_ms = core.timeline().wall_ms(row.boot, row.from_ms);
    if (!block || !plot.covers(at_ms, at_ms + block->length_ms)) return;
    coarsest_s = std::max(coarsest_s, row.step_s);
    placed.push_back({at_ms, row.step_s, std::move(row.data)});
  };
  for (std::int64_t next = 0;;) {
    auto rows = core.store().history().rows(next, static_cast<int>(rows_at_once));
    const std::size_t count = rows.size();
    if (count > 0) next = rows.back().number + 1;
    for (HistoryRow& row : rows) place(std::move(row));
    if (count < rows_at_once) break;
  }
  if (auto row = recorder.under_way(core, at)) place(*std::move(row));
  // In an earlier boot the wall clock may have been wrong.
  std::ranges::stable_sort(placed, {}, &Placed::at_ms);
  plot.set_step(coarsest_s);
  for (const Placed& one : placed) {
    const auto block = decode_block(one.data);
    plot.add(*block, one.at_ms, one.step_s);
    plot.add_links(*block, one.at_ms);
  }
  return plot.answer(core.lanes());
}

}  // namespace bascule
