#include "journal/backlog/tightening.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "text/units.hpp"

namespace bascule {
namespace {

constexpr int rows_per_read = 1'000;
constexpr LaneId journal_itself = 0;  // in lane_setting

// A limit that is there now and takes more than the one that was.
template <class T>
bool tighter(const std::optional<T>& now, const std::optional<T>& was) {
  return now && (!was || *now < *was);
}

std::string span(const std::optional<std::int64_t>& ms) {
  return ms ? duration_text(std::chrono::milliseconds(*ms)) : "none";
}

std::string size(const std::optional<std::uint64_t>& bytes) {
  return bytes ? size_text(*bytes) : "none";
}

std::string limit_text(const char* key, const std::string& now, const std::string& was) {
  return std::string(key) + ' ' + now + " (it was " + was + ')';
}

const LaneSettings* of_name(const std::vector<LaneSettings>& lanes, std::string_view name) {
  const auto found =
      std::ranges::find_if(lanes, [&](const LaneSettings& lane) { return lane.name == name; });
  return found == lanes.end() ? nullptr : &*found;
}

bool drops_oldest(const LaneSettings& lane, WhenFull of_journal) {
  return lane.when_full.value_or(of_journal) == WhenFull::drop_oldest;
}

}  // namespace

std::string to_string(const Discard& discard, const LaneState& lane) {
  return "lane " + lane.name + ' ' + std::string(to_string(lane.direction)) + ": " + discard.limit +
         " gives up " + std::to_string(discard.count) + " of " + std::to_string(lane.backlog()) +
         " messages that wait";
}

// Oldest first, as the limits themselves take them: what is held goes before what is in order.
template <class Takes>
void Tightening::add(const LaneState& lane, Discard discard, const Takes& takes) {
  discard.lane = lane.id;
  const Now at = now();
  std::uint64_t from = lane.cursor + 1, held = 0;
  for (const Discard& before : plan_) {  // by another limit
    if (before.lane != lane.id) continue;
    from = std::max(from, before.last + 1);
    held += before.held;
  }
  discard.first = discard.last + 1;
  transaction_.store().held().each(lane.id, [&](const HeldTable::Head& head) {
    if (held > 0) return --held, true;
    const Take take = takes({timeline_.age_ms(head.boot, head.captured_ms, at), head.bytes});
    if (take == Take::enough) return false;
    if (take == Take::no) return true;
    ++discard.held, ++discard.count;
    discard.bytes += head.bytes;
    return true;
  });
  for (bool enough = false; !enough;) {
    const auto heads = transaction_.store().batches().heads(lane.id, from, rows_per_read);
    for (const BatchHead& head : heads) {
      std::uint64_t count = 0;
      for (const SequenceRange& range : lane.backlog_in(head.first, head.last())) {
        count += range.last - range.first + 1;
      }
      from = head.last() + 1;
      if (count == 0) continue;
      const std::uint64_t bytes =
          count == head.count ? head.bytes : head.bytes / head.count * count;
      const Take take = takes({timeline_.age_ms(head.boot, head.captured_ms, at), bytes});
      enough = take == Take::enough;
      if (enough) break;
      if (take == Take::no) continue;
      if (discard.last == 0) discard.first = head.first;
      discard.last = head.last();
      discard.count += count;
      discard.bytes += bytes;
    }
    enough = enough || heads.size() < static_cast<std::size_t>(rows_per_read);
  }
  if (discard.count > 0) plan_.push_back(std::move(discard));
}

void Tightening::plan_ttl(const LaneState& lane, const LaneSettings& now, const LaneSettings& was) {
  if (!tighter(now.ttl_ms, was.ttl_ms)) return;
  add(lane,
      {.fate = Fate::expired,
       .reason = "ttl_tightened",
       .limit = limit_text("ttl", span(now.ttl_ms), span(was.ttl_ms))},
      [&](const Waiting& waiting) {
        if (waiting.age_ms < *now.ttl_ms) return Take::enough;
        return was.ttl_ms && waiting.age_ms >= *was.ttl_ms ? Take::no : Take::yes;
      });
}

void Tightening::plan_max_size(const LaneState& lane, const LaneSettings& now,
                               const LaneSettings& was, bool drops_now, bool dropped_before) {
  const bool changed = tighter(now.max_size_bytes, was.max_size_bytes) || !dropped_before;
  if (!now.max_size_bytes || !drops_now || !changed) return;
  std::uint64_t left = lane.backlog_bytes();
  for (const Discard& before : plan_) {
    if (before.lane == lane.id) left -= std::min(left, before.bytes);
  }
  if (left <= *now.max_size_bytes) return;
  add(lane,
      {.reason = "max_size_tightened",
       .limit = limit_text("max_size", size(now.max_size_bytes), size(was.max_size_bytes))},
      [&](const Waiting& waiting) {
        if (left <= *now.max_size_bytes) return Take::enough;
        left -= std::min(left, waiting.bytes);
        return Take::yes;
      });
}

// The lanes that give way first are those of the lowest priority. A journal that is full stays so
// until a twentieth is free: so much has to go.
void Tightening::plan_journal(const LimitsOfFile& limits, const LaneSettings& was) {
  const bool tightened = was.max_size_bytes && limits.max_size_bytes < *was.max_size_bytes;
  if (!tightened) return;
  std::uint64_t used = transaction_.store().used_bytes();
  std::vector<std::pair<const LaneState*, int>> lanes;
  for (const LaneState& lane : books_.lanes()) {
    const auto heads = transaction_.store().batches().heads(lane.id, 0, 1);
    if (!heads.empty()) {
      const std::uint64_t stored = lane.appended_bytes - heads.front().before_bytes;
      used -= std::min(used, stored - std::min(stored, lane.backlog_bytes()));  // history
    }
    const LaneSettings* const now = of_name(limits.lanes, lane.name);
    const LaneSettings& settings = now == nullptr ? lane.settings : *now;
    if (lane.backlog() > 0 && !lane.input && drops_oldest(settings, limits.when_full)) {
      lanes.emplace_back(&lane, settings.priority);
    }
  }
  for (const Discard& before : plan_) used -= std::min(used, before.bytes);
  if (used <= limits.max_size_bytes) return;
  const std::uint64_t enough = limits.max_size_bytes / 20 * 19;
  std::ranges::stable_sort(lanes, {}, [](const auto& lane) { return lane.second; });
  for (const auto& [lane, priority] : lanes) {
    add(*lane,
        {.reason = "journal_max_size_tightened",
         .limit =
             limit_text("journal.max_size", size(limits.max_size_bytes), size(was.max_size_bytes))},
        [&](const Waiting& waiting) {
          if (used <= enough) return Take::enough;
          used -= std::min(used, waiting.bytes);
          return Take::yes;
        });
  }
}

std::vector<Discard> Tightening::plan(const LimitsOfFile& limits) {
  plan_.clear();
  const std::map<LaneId, LaneSettings> remembered = transaction_.store().configuration().lanes();
  const auto journal = remembered.find(journal_itself);
  if (journal == remembered.end()) return {};
  const WhenFull rule_before = journal->second.when_full.value_or(WhenFull::pause);
  for (const LaneState& lane : books_.lanes()) {
    const LaneSettings* const now = of_name(limits.lanes, lane.name);
    const auto was = remembered.find(lane.id);
    if (now == nullptr || was == remembered.end() || lane.backlog() == 0) continue;
    plan_ttl(lane, *now, was->second);
    plan_max_size(lane, *now, was->second, drops_oldest(*now, limits.when_full),
                  drops_oldest(was->second, rule_before));
  }
  plan_journal(limits, journal->second);
  return std::exchange(plan_, {});
}

void Tightening::apply(const std::vector<Discard>& plan, const LimitsOfFile& limits) {
  for (const Discard& discard : plan) {
    LaneState& lane = books_.state(discard.lane);
    retention_.give_up(transaction_.write(), lane, {discard.first, discard.last}, discard.held,
                       discard.fate, discard.reason);
  }
  ConfigurationTable& table = transaction_.write().configuration();
  LaneSettings journal;
  journal.max_size_bytes = limits.max_size_bytes;
  journal.when_full = limits.when_full;
  table.save(journal_itself, journal);
  for (const LaneState& lane : books_.lanes()) {
    const LaneSettings* const now = of_name(limits.lanes, lane.name);
    if (now != nullptr) table.save(lane.id, *now);
  }
  transaction_.urge();
}

}  // namespace bascule
