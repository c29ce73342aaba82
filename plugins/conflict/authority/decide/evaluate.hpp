// The order of evaluation at the authority: repeat, `prev`, clock guard, strategy. Then whatever
// waited for it.
#pragma once

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

void evaluate(Turn& turn, Op op);
// The same for an op that was parked or queued: it is no repeat.
void evaluate_again(Turn& turn, Op op);
// Evaluates what has been released until there is nothing left.
void evaluate_released(Turn& turn);

}  // namespace bascule::conflict
