// What was not as it should be in a comparison of retained values that ended well. Plain values.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

struct ComparisonBlemishes {
  std::uint64_t left_out = 0;  // values that came only when they were asked for by name
  std::uint64_t hidden = 0;    // values that are missing, but may be hidden from us
  std::string hidden_filter;   // of one of them
  std::uint64_t unfit = 0;     // values that could never cross

  // The worst of it, for people; empty: nothing. `client_id` is of the connection that asked.
  std::string text(const std::string& client_id) const;
};

}  // namespace bascule
