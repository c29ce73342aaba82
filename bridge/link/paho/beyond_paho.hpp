// What the Paho client cannot do, of what a configuration may ask of a link. Pure; any thread.
#pragma once

#include <string>

#include "link/settings.hpp"

namespace bascule {

// The first of it in one sentence, which begins with the key; empty: nothing.
std::string beyond_paho(const LinkSettings& settings);

}  // namespace bascule
