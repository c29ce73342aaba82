// Reads the section `control`: where the daemon can be asked.
#pragma once

#include "config/section.hpp"
#include "control/settings.hpp"

namespace bascule {

void read_control(Section& file, ControlSettings& settings);

}  // namespace bascule
