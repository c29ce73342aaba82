#include "conflict/authority/turn/turn.hpp"

#include <string>

namespace bascule::conflict {

// A last stamp that lies further ahead than any site's may was made while this clock ran ahead. It
// goes on from there for as long as nobody knows which of the two times is right: else what is
// edited here would win over everybody's edits until that time has come.
Hlc Turn::stamp() {
  auto last = state.clock();
  if (input.clock_trusted() && last.ms > now_ms + options.clock_guard_ms) {
    step.log(plugin::Level::warning, "the clock had run " +
                                         std::to_string((last.ms - now_ms) / 1000) +
                                         " s ahead; stamps go by the right time again");
    last = {};
  }
  auto next = next_stamp(last, now_ms, options.bridge_id);
  state.put_clock(next);
  return next;
}

}  // namespace bascule::conflict
