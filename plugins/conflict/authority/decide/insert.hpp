// Inserts that may be of a record that there is already (R36, R37): matched by the normalised key
// parts that `insert_match` names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

struct Match {
  enum class Is { new_record, part_of } is = Is::new_record;
  std::string record;                     // that it is part of
  Standing standing = Standing::created;  // of the new record
  std::vector<std::string> near;          // what it may be, if that is unknown
};

Match match_insert(Turn& turn, const Op& op);

// Whether an insert that is part of a record has something to give to it besides the key parts.
bool gives_a_field(const Options& options, const Op& op, const Record& record);

// Keeps the index of key parts as the record is now; before it is put.
void index_record(Turn& turn, std::string_view key, const Record& record);

// Empty: the part is missing.
std::string normalise(Normaliser as, std::string_view json);

}  // namespace bascule::conflict
