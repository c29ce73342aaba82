// What became of an op: one entry per op and record, kept for good, so that whatever lost can be
// had back (R32, R38), and a repeat gets the verdict of the first time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conflict/record/op.hpp"
#include "conflict/record/record.hpp"
#include "conflict/record/validate.hpp"

namespace bascule::conflict {

enum class Verdict : std::uint8_t { apply, merge, superseded, reject, hold, ask };
std::string_view word(Verdict verdict);

// What an op writes to a unit.
struct Change {
  std::string unit;
  std::string value;       // JSON text; of a group the whole of it
  std::int64_t delta = 0;  // of a sum: what its author added to what it had seen
};

struct Entry {
  Op op;
  Verdict verdict = Verdict::apply;
  std::string reason;
  std::int64_t version = -1;  // of the record, after the op
  std::int64_t from = 0;      // the first version whose readers have seen it
  std::uint64_t number = 0;   // among all entries
  std::uint64_t before = 0;   // the record's entry before this one; 0: none
  std::uint64_t made_by = 0;  // the entry that made `version`
  std::uint64_t life = 0;     // of the record, that the op belongs to
  Hlc stamp;                  // lifted
  std::vector<Change> changes;
  std::vector<std::string> lost;  // units of which another value stands
  bool ambiguous = false;
  std::string by;  // a person's op that settled it
  Violation violation;
  std::optional<Undo> undo;  // of one that made a version, if there was one before
};

std::string encode(const Entry& entry);
Entry decode_entry(std::string_view bytes);

}  // namespace bascule::conflict
