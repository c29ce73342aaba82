// One step at a site: what its stages share while it runs. Below each other, from the first:
// site_turn; leaving, site_marks.
#pragma once

#include "bascule/policy.hpp"
#include "conflict/options/options.hpp"
#include "conflict/site/clock.hpp"
#include "conflict/site/state.hpp"

namespace bascule::conflict {

struct Visit {
  const Options& options;
  plugin::Step& step;
  const plugin::Input& input;
  SiteState state;
  SiteClock clock;

  // Whether the time of this input is right: measured against the centre's, or kept right here.
  bool knows_time() const { return clock.measures() ? clock.ready() : input.clock_trusted(); }
};

}  // namespace bascule::conflict
