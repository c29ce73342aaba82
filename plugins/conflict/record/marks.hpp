// Marks as they are sent: "hub/0123456789abcdef/17" is the number of an entry of the history, up to
// which the authority has told the sites of everything, and whose history that is. A site that
// several authorities send records to gives back one of each, with spaces in between.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::conflict {

struct Mark {
  std::string_view hub;  // journal_name.hpp
  std::uint64_t number = 0;
};

std::string mark_text(std::string_view hub, std::uint64_t number);
// Of one mark; nothing if it is none.
std::optional<Mark> parse_mark(std::string_view text);
// The mark of this hub among several; nothing if there is none.
std::optional<std::uint64_t> mark_of(std::string_view hub, std::string_view marks);

}  // namespace bascule::conflict
