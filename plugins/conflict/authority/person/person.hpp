// What a person writes: an op of its own, by an author who has seen everything.
#pragma once

#include <string>

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// The op of the person whose decision the turn's input is; its fields are the caller's to fill.
Op op_of_person(Turn& turn, const std::string& key, const Record& record);
// Why a person's op cannot be; empty: it can.
std::string objection(const Options& options, const Op& op, const Record& record);

}  // namespace bascule::conflict
