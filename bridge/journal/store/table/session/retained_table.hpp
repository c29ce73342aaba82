// What is retained on both sides, as far as the bridge knows: table retained of FORMAT.md.
// Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/lane/retained_row.hpp"
#include "journal/store/sqlite/database.hpp"
#include "message/direction.hpp"

namespace bascule {

class RetainedTable {
 public:
  explicit RetainedTable(Database& database) : database_(database) {}

  std::optional<RetainedRow> find(Direction direction, std::string_view topic);
  void save(Direction direction, std::string_view topic, const RetainedRow& row);
  // At most `limit` clears that are behind a sequence of the lane, and at `last` or before.
  struct Clear {
    Direction direction = Direction::up;
    std::string topic;
    std::uint64_t sequence = 0;
  };
  std::vector<Clear> clears(LaneId lane, std::uint64_t behind, std::uint64_t last, int limit);
  void erase(Direction direction, std::string_view topic);
  // At most `limit` rows, those behind the topic `after`, in the order of their topics.
  using Rows = std::vector<std::pair<std::string, RetainedRow>>;
  Rows behind(Direction direction, std::string_view after, std::size_t limit);

  // Targets that a topic has left, with the lane that it was in: table former_target.
  using Former = std::map<std::string, LaneId, std::less<>>;
  Former former(Direction direction);
  void save_former(Direction direction, std::string_view target, LaneId lane);
  void erase_former(Direction direction, std::string_view target);

 private:
  Database& database_;
};

}  // namespace bascule
