// The terms on which a broker takes the bridge: the protocol, and the limits of a guest. A profile
// is a map of these keys.
#pragma once

#include <string>

#include "config/section.hpp"
#include "link/settings.hpp"

namespace bascule {

// `id` stands for {bridge.id}. A key that is absent leaves what is set.
void read_terms(Section& link, const std::string& id, LinkSettings& settings);

}  // namespace bascule
