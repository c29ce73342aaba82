// What the profile of a service sets: its published limits, as keys of the file. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "link/settings.hpp"

namespace bascule {

// In the YAML of a link; empty for none.
std::string_view yaml_of(Profile profile);

// Sets what it sets.
void apply(Profile profile, const std::string& id, LinkSettings& settings);

}  // namespace bascule
