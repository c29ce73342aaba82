// The authority's part in measuring the clocks of sites (topics.clock): a question for the time is
// answered.
#pragma once

#include "bascule/policy.hpp"
#include "conflict/options/options.hpp"

namespace bascule::conflict {

// `captures` are those of topics.clock for the question's topic.
void tell_time(const Options& options, plugin::Step& step, const plugin::Input& input,
               const Captures& captures);

}  // namespace bascule::conflict
