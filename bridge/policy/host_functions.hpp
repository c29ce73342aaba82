// The C side of a step: the functions of <bascule/policy.h> that a plugin may call while it
// decides. Each calls the Step that its handle stands for; no exception crosses it. Journal's
// thread.
#pragma once

#include <bascule/policy.h>

#include "policy/step.hpp"

namespace bascule {

// The table that is given to plugins.
const bascule_host& host_functions();

// What a plugin gets to hand back; as long-lived as the step.
inline bascule_step* as_handle(Step& step) { return reinterpret_cast<bascule_step*>(&step); }

}  // namespace bascule
