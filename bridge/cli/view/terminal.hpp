// Text from elsewhere, made fit for a terminal. Topics, payloads and the words of brokers come over
// the network: whatever could move the cursor or hide text is shown as an escape. Pure.
#pragma once

#include <string>
#include <string_view>

namespace bascule {

// `text` with control characters, line ends, and bytes that are no UTF-8 written as \n, \t, \xNN.
std::string escaped(std::string_view text);

// Whether a person could read the bytes: UTF-8 that holds no control characters but white space.
bool readable(std::string_view bytes);

// "de ad be ef"
std::string hex(std::string_view bytes);

// Columns on a terminal, one per code point, of text that is escaped.
std::size_t width(std::string_view text);

// At most `columns` wide, with an ellipsis if something had to go.
std::string shortened(std::string_view text, std::size_t columns);

}  // namespace bascule
