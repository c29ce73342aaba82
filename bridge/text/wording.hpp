// How a problem is worded: quoting, and what was probably meant. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bascule {

// The text in quotes, fit for one line of a terminal: long texts are cut, control characters
// become question marks.
std::string in_quotes(std::string_view text);

// The whole text in single quotes, to be copied as it is.
std::string single_quoted(std::string_view text);

// With commas between them; empty: there are none.
std::string comma_list(const std::vector<std::string>& words);

// The valid word that `typed` most resembles, or nothing if none is near.
std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& valid);

// `did you mean "auto"?`, or `use auto, native or paho` if none is near.
std::string suggestion(std::string_view typed, const std::vector<std::string_view>& valid);

}  // namespace bascule
