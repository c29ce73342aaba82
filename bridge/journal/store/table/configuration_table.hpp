// What the journal remembers of the configuration that it ran with last: tables lane_setting, rule
// and lane_behind of FORMAT.md. So the next start can tell what a changed file means for what
// waits. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "journal/lane/lane_sequence.hpp"
#include "journal/store/sqlite/database.hpp"
#include "message/direction.hpp"
#include "message/lane.hpp"

namespace bascule {

// A route, as far as it says where a topic goes.
struct RuleRow {
  Direction direction = Direction::up;
  std::string filter;  // of its topics at the source
  std::string text;    // all that decides which topics it takes
  LaneId lane = 0;
  bool operator==(const RuleRow&) const = default;
};

// Messages of `lane` from `first` on wait for those of `former` up to `last`.
struct LaneOrderRow {
  LaneId lane = 0;
  std::uint64_t first = 0;
  LaneId former = 0;
  std::uint64_t last = 0;
  bool operator==(const LaneOrderRow&) const = default;
};

class ConfigurationTable {
 public:
  explicit ConfigurationTable(Database& database) : database_(database) {}

  // The settings that a lane had last, without those that are its name.
  std::map<LaneId, LaneSettings> lanes();
  void save(LaneId lane, const LaneSettings& settings);

  std::vector<RuleRow> rules();  // in the order of the file
  void save(const std::vector<RuleRow>& rules);

  std::vector<LaneOrderRow> orders();
  void add(const LaneOrderRow& order);
  void erase(const LaneOrderRow& order);

 private:
  Database& database_;
};

}  // namespace bascule
