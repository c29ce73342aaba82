// How far the way to a broker is open: name, TCP, TLS.
#pragma once

#include "doctor/finding.hpp"
#include "link/link.hpp"

namespace bascule {

// Tells of each step until one fails. Returns whether the broker can be spoken to; takes seconds
// where nobody answers.
bool reach(const LinkSettings& link, const Tell& tell);

}  // namespace bascule
