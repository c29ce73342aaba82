// Deletes: whether a record is alive, which depends on what was deleted and written and not on the
// order in which it came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "conflict/merge/knowledge.hpp"

namespace bascule::conflict {

struct Fate {
  enum class Is {
    proceed,  // merge its fields
    hidden,   // merge them, but the record stays deleted: SUPERSEDED
    removed,  // the record is deleted now
    superseded,
    rejected
  } is = Is::proceed;
  std::string reason;
  bool revived = false;               // the record is alive again
  std::optional<std::uint64_t> life;  // that the op belongs to, if not that of what its author saw
};

// Decides whether the op's record lives, and changes `record` so (never its fields, unless a new
// life begins or delete-wins takes them).
Fate decide_life(const Options& options, const Knowledge& knowledge, const Op& op, Record& record);

}  // namespace bascule::conflict
