// What helps where a broker cannot be reached, or does not let the bridge in. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "link/settings.hpp"

namespace bascule {

// To be put behind `why`, a link's own sentence: what to change for that cause, beginning with a
// semicolon. Empty: the sentence says it. `otherwise`: where the cause has no remedy of its own.
std::string remedy(std::string_view why, const LinkSettings& link, const std::string& otherwise);

// The keys by which this link says who it is: username and password_file.
std::string proofs_of(const LinkSettings& link);

}  // namespace bascule
