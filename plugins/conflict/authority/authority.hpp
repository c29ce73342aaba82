// The authority: keeps the canonical records and decides every op, at once or in batches (R35).
#pragma once

#include "bascule/policy.hpp"
#include "conflict/options/options.hpp"

namespace bascule::conflict {

// One input, one step.
void decide_at_authority(const Options& options, plugin::Step& step, const plugin::Input& input);

}  // namespace bascule::conflict
