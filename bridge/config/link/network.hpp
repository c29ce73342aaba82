// How a link reaches its broker: URLs, the address to go out from, a proxy, TLS.
#pragma once

#include <vector>

#include "config/section.hpp"
#include "link/settings.hpp"
#include "link/url.hpp"

namespace bascule {

// Returns the URLs in the order of the file; none where one of them is wrong.
std::vector<Url> read_network(Section& link, LinkSettings& settings);

}  // namespace bascule
