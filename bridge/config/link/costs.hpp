// What the settings of a guest cost, for people who have to choose them. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "link/settings.hpp"

namespace bascule {

struct Cost {
  std::string setting;  // as in the file: max_qos: 1
  std::string text;     // what it costs
  bool of_profile = false;
};

// Of all that is not as it is by default. `id` is the bridge's.
std::vector<Cost> costs_of(const LinkSettings& link, const std::string& id);

}  // namespace bascule
