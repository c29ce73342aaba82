// A person puts back what has lost (R38): an edit anew, with the person's name, on top of the
// record as it is. `bascule conflict reinstate` asks for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// Which of an op's fields have lost by this, and do not stand otherwise. Of a delete there are
// none.
Fields lost_fields(const Options& options, const Op& op, const Loss& loss);
// Whether what lost stands all the same by now: it was written again, or what it lost to is gone.
bool stands_again(const Options& options, const Op& op, const Fields& fields, const Record& record);

// What a person asks for: {"number": of the entry, "fields": [names]; all that lost if left out}.
struct Wanted {
  std::string refused;  // why it cannot be; empty: it can
  Entry entry;
  Op op;                        // what the person will write, without id, stamp and name
  std::vector<Loss> remaining;  // what has lost of the entry besides
};
Wanted find_wanted(const Options& options, const State& state, const Losses& losses,
                   std::string_view about);

// The turn's input asks for it.
void reinstate(Turn& turn);

}  // namespace bascule::conflict
