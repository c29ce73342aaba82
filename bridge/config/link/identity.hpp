// Who a link says it is: client id, user, and what proves it.
#pragma once

#include <string>

#include "config/section.hpp"
#include "link/settings.hpp"

namespace bascule {

// `id` stands for {bridge.id}. After the URLs and the protocol.
void read_identity(Section& link, const std::string& id, LinkSettings& settings);

}  // namespace bascule
