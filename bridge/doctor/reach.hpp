// How far the way to a broker is open: name, proxy, TCP, TLS.
#pragma once

#include <string>
#include <vector>

#include "doctor/finding.hpp"
#include "link/link.hpp"

namespace bascule {

// Tries each address of the link, and tells of each step until one fails. Returns the URLs at which
// somebody can be spoken to, in order; while there is one, what is wrong with others is a warning.
// Takes seconds where nobody answers.
std::vector<std::string> reach(const LinkSettings& link, const Tell& tell);

}  // namespace bascule
