// How worn the flash is that the journal lies on, as far as the kernel tells.
#pragma once

#include <optional>
#include <string>

#include "doctor/finding.hpp"

namespace bascule {

// Of the disk with the block device of these numbers, or with the file system on it. `sys` is where
// the kernel shows its devices: /sys.
Finding check_wear(unsigned major, unsigned minor, const std::string& sys);

// How long it lasts by journal.flash (or endurance), which is set. `years_left`: as a daemon tells;
// nothing: none does. `gathers`: journal.gather is set.
Finding check_endurance(std::optional<double> years_left, bool gathers);

// How much of its life the flash below a folder has used, at the most; nothing: it is not told.
std::optional<unsigned> life_used_percent(const std::string& folder, const std::string& sys);
std::optional<unsigned> life_used_percent(unsigned major, unsigned minor, const std::string& sys);

}  // namespace bascule
