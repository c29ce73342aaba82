// Which of the known words a misspelt one was meant to be. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule {

// The known word that takes the fewest slips (a letter missing, added, wrong, or two swapped) to
// become `word`; nothing if even that is too far to be a slip.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace bascule
