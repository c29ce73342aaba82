// The rows of Retained in memory, and what became of messages as the test says.
#pragma once

#include <map>
#include <set>
#include <string>

#include "journal/retained/retained.hpp"

namespace bascule::test {

class RowsInMemory : public RetainedRows {
 public:
  std::optional<RetainedRow> find(Direction, std::string_view topic) override {
    const auto found = rows.find(std::string(topic));
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  }
  void save(Direction, std::string_view topic, const RetainedRow& row) override {
    rows[std::string(topic)] = row;
  }
  void erase(Direction, std::string_view topic) override { rows.erase(std::string(topic)); }
  Topics behind(Direction, std::string_view after, std::size_t limit) override {
    Topics some;
    for (auto at = rows.upper_bound(std::string(after)); at != rows.end(); ++at) {
      if (some.size() == limit) break;
      some.emplace_back(*at);
    }
    return some;
  }
  FormerTargets former(Direction direction) override { return targets[direction]; }
  void save_former(Direction direction, std::string_view target, LaneId lane) override {
    targets[direction][std::string(target)] = lane;
  }
  void erase_former(Direction direction, std::string_view target) override {
    targets[direction].erase(std::string(target));
  }
  Fate fate(LaneSequence place) override {
    if (lost.contains(place.sequence)) return Fate::lost;
    return place.sequence <= crossed ? Fate::crossed : Fate::waits;
  }

  std::map<std::string, RetainedRow> rows;
  PerDirection<FormerTargets> targets;
  std::set<std::uint64_t> lost;
  std::uint64_t crossed = 0;  // up to here, or lost
};

}  // namespace bascule::test
