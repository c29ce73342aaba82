// What a first configuration sets for the kind of broker at the far side.
#pragma once

#include "cli/draft/draft.hpp"
#include "link/broker_kind.hpp"

namespace bascule {

// Sets what OPERATIONS.md has for this kind of central broker; call it once the routes are there.
void set_profile(Draft& draft, BrokerKind kind);

}  // namespace bascule
