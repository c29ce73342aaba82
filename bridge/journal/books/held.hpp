// Messages whose topic the far broker refuses. They leave their lane's order and are kept whole,
// in order by topic, until the broker takes them or a limit ends them: so the lane's cursor, what
// it takes to start, and the cost of a message do not depend on how many there are. How many of
// each topic there are is known in memory; the books count them. Journal's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "journal/books/transaction.hpp"
#include "journal/store/table/message/held_table.hpp"

namespace bascule {

class Held {
 public:
  explicit Held(Transaction& transaction) : transaction_(transaction) {}

  void load();

  // False: it is held already. An empty reason keeps the one that the topic has.
  bool hold(const HeldRow& row, const std::string& reason, std::int64_t wall_ms);
  // It is held no longer; returns the record's bytes, or nothing if it was not.
  std::optional<std::uint64_t> release(LaneSequence place);
  bool contains(LaneSequence place) { return transaction_.store().held().contains(place); }

  std::vector<HeldTopic> topics(LaneId lane) const;

  // Writes what changed since the last call.
  void save();

 private:
  using Key = std::pair<LaneId, std::string>;

  Transaction& transaction_;
  std::map<Key, HeldTopic> topics_;
  std::set<Key> changed_;
};

}  // namespace bascule
