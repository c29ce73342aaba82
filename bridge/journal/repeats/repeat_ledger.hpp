// What was dropped as a repeat, by why and from where; and the stamps that were found on messages
// they do not belong to. Counts, with the newest example of each, so that a person can look at what
// is not there. Owned by the journal's thread; a row of it is written with the tallies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "journal/lane/repeat_count.hpp"

namespace bascule {

class Store;

class RepeatLedger {
 public:
  // Sources beyond these are counted together, as "others".
  static constexpr std::size_t sources_max = 1'000;

  void load(Store& store);
  void note(Direction direction, RepeatKind kind, std::string_view source, std::string_view topic,
            std::int64_t wall_ms);
  // Writes what has changed since the last call.
  void save(Store& store);
  bool changed() const { return !changed_.empty(); }

  std::vector<RepeatCount> counts() const;  // the newest first
  std::uint64_t total(Direction direction, RepeatKind kind) const;

 private:
  using Key = std::tuple<Direction, RepeatKind, std::string>;
  std::map<Key, RepeatCount> counts_;
  std::set<Key> changed_;
};

}  // namespace bascule
