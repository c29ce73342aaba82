// Texts as people compare them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace bascule::sdk {

// UTF-8 in compatibility form (NFKC) with full case folding: "MÜLLER", "Mu\u0308ller" and "müller"
// are one, "ẞ" is "ss", "１" is "1". What is no UTF-8 stays as it is.
std::string folded(std::string_view text);

// Runs of white space of any kind are one space, without any at both ends.
std::string spaced(std::string_view text);

}  // namespace bascule::sdk
