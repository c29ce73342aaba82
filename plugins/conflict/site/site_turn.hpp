// A site: says with each edit what its author had seen, and shows the site's own view of the
// records (R42), also while the line is cut. It decides nothing.
#pragma once

#include "bascule/policy.hpp"
#include "conflict/options/options.hpp"

namespace bascule::conflict {

// One input, one step.
void decide_at_site(const Options& options, plugin::Step& step, const plugin::Input& input);

}  // namespace bascule::conflict
