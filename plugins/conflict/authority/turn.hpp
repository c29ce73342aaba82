// One step at the authority: what its stages share while it runs.
#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "bascule/policy.hpp"
#include "conflict/authority/outbox.hpp"
#include "conflict/options/options.hpp"
#include "conflict/state/state.hpp"

namespace bascule::conflict {

struct Turn {
  Turn(const Options& its_options, plugin::Step& its_step, const plugin::Input& its_input)
      : options(its_options),
        step(its_step),
        input(its_input),
        state(its_step),
        outbox(its_options, its_step),
        now_ms(its_input.wall_ms()) {}

  const Options& options;
  plugin::Step& step;
  const plugin::Input& input;
  State state;
  Outbox outbox;
  std::int64_t now_ms;
  std::list<Op> released;  // parked ops whose time has come, to be evaluated again
};

// The order of evaluation: repeat, `prev`, clock guard, policy. Then whatever waited for it.
void evaluate(Turn& turn, Op op);
// The same for an op that was parked: it is no repeat.
void evaluate_again(Turn& turn, Op op);
// Evaluates what has been released until there is nothing left.
void evaluate_released(Turn& turn);

// Parks an op with a case; `turn.state` knows why.
void park(Turn& turn, const Op& op, Verdict verdict, const std::string& reason,
          const Violation& violation = {});
// Takes a parked op back, and closes its case.
Op unpark(Turn& turn, const Parked& parked, const std::string& outcome);

// What the options' strategy makes of an op that is neither a repeat nor dependent nor early.
void apply_policy(Turn& turn, Op op);
// The same for the op of a person who has seen everything and has decided.
void apply_as_person(Turn& turn, const Op& op);
// REJECT: the op has no effect on its record.
void reject(Turn& turn, const Op& op, const std::string& reason, const Violation& violation = {});
// Writes down an op's verdict and what it made of the record, and tells everybody. `whole`: the
// record has come to life or lost it.
void conclude(Turn& turn, Record& record, Entry entry, bool whole = false);

// A person has decided a case.
void resolve(Turn& turn);

// The next stamp of the authority's own clock.
Hlc stamp_here(Turn& turn);

}  // namespace bascule::conflict
