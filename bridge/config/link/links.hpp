// The sections `site` and `central`.
#pragma once

#include <string>
#include <string_view>

#include "config/section.hpp"

namespace bascule {

// Reads both links of the file into `config`, whose journal settings are read already. `id` is what
// stands for {bridge.id}.
void read_links(Section& file, const std::string& id, BridgeConfig& config);

}  // namespace bascule
