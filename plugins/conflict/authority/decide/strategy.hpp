// What the options' strategy makes of an op.
#pragma once

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// Of an op that is neither a repeat nor dependent nor early.
void apply_policy(Turn& turn, Op op);
// The same for the op of a person who has seen everything and has decided.
void apply_as_person(Turn& turn, const Op& op);

}  // namespace bascule::conflict
