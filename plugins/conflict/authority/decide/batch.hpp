// Batches (option `when`): ops gather, selected by arrival, and are decided once a day in the order
// of their authors' time (R35).
#pragma once

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// Keeps the op for the next run. A repeat gets its verdict at once.
void gather(Turn& turn, const Op& op);
// An insert that is not looked at yet: its key is not reconciled, and says so under `pending`.
void note_unreconciled(Turn& turn, const Op& op);
// It is looked at now.
void begin_matching(Turn& turn, const Op& op);
// Decides what has gathered. `rest`: what an earlier step of the same run has left.
void run_batch(Turn& turn, bool rest);

}  // namespace bascule::conflict
