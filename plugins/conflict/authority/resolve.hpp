// A person's decision of a case. It is an op of its own, by an author who has seen everything.
#pragma once

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// The turn's input is one; or something else that a person wants done (reinstate.hpp).
void resolve(Turn& turn);

}  // namespace bascule::conflict
