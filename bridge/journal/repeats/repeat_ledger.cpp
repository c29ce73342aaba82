#include "journal/repeats/repeat_ledger.hpp"

#include <algorithm>

#include "journal/store/store.hpp"

namespace bascule {
namespace {

constexpr const char* others = "others";
constexpr std::size_t topic_bytes_max = 1'024;  // of an example

}  // namespace

void RepeatLedger::load(Store& store) {
  counts_.clear();
  changed_.clear();
  for (RepeatCount& count : store.repeats().all()) {
    counts_.emplace(Key{count.direction, count.kind, count.source}, std::move(count));
  }
}

void RepeatLedger::note(Direction direction, RepeatKind kind, std::string_view source,
                        std::string_view topic, std::int64_t wall_ms) {
  Key key{direction, kind, source};
  auto found = counts_.find(key);
  if (found == counts_.end()) {
    if (counts_.size() >= sources_max) std::get<std::string>(key) = others;
    found =
        counts_.try_emplace(key, RepeatCount{direction, kind, std::get<std::string>(key)}).first;
  }
  RepeatCount& count = found->second;
  ++count.count;
  count.last_ms = wall_ms;
  count.topic.assign(topic.substr(0, topic_bytes_max));
  changed_.insert(std::move(key));
}

void RepeatLedger::save(Store& store) {
  for (const Key& key : changed_) store.repeats().save(counts_.at(key));
  changed_.clear();
}

std::vector<RepeatCount> RepeatLedger::counts() const {
  std::vector<RepeatCount> counts;
  for (const auto& [key, count] : counts_) counts.push_back(count);
  std::stable_sort(counts.begin(), counts.end(), [](const RepeatCount& a, const RepeatCount& b) {
    return a.last_ms > b.last_ms;
  });
  return counts;
}

std::uint64_t RepeatLedger::total(Direction direction, RepeatKind kind) const {
  std::uint64_t total = 0;
  for (const auto& [key, count] : counts_) {
    if (count.direction == direction && count.kind == kind) total += count.count;
  }
  return total;
}

}  // namespace bascule
