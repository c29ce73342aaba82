// One step at the authority: what its stages share while it runs. Below each other, from the first:
// reinstate, resolve, trim; person; batch, reports; evaluate; strategy; insert; questions;
// conclude; lost.
#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "bascule/policy.hpp"
#include "conflict/authority/turn/outbox.hpp"
#include "conflict/options/options.hpp"
#include "conflict/state/cases.hpp"
#include "conflict/state/gathered.hpp"
#include "conflict/state/losses.hpp"
#include "conflict/state/state.hpp"
#include "conflict/state/waiting.hpp"
#include "sdk/journal_name.hpp"

namespace bascule::conflict {

struct Turn {
  Turn(const Options& its_options, plugin::Step& its_step, const plugin::Input& its_input)
      : options(its_options),
        step(its_step),
        input(its_input),
        counters(its_step),
        state(its_step, counters),
        waiting(its_step, counters),
        gathered(its_step),
        cases(its_step),
        losses(its_step),
        hub(journal_name(its_options.bridge_id, its_input)),
        outbox(its_options, its_step, hub),
        now_ms(its_input.wall_ms()) {}

  // The next stamp of the authority's own clock.
  Hlc stamp();

  const Options& options;
  plugin::Step& step;
  const plugin::Input& input;
  Counters counters;
  State state;
  Waiting waiting;
  Gathered gathered;
  Cases cases;
  Losses losses;
  std::string hub;  // whose numbers the versions and marks are
  Outbox outbox;
  std::int64_t now_ms;
  std::list<Op> released;  // parked ops whose time has come, to be evaluated again
};

}  // namespace bascule::conflict
