// What the far broker's bookmark says; see forwarder/bookmark.hpp. A value.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace bascule {

struct FarKnowledge {
  bool readable = false;  // it was asked and the answer is complete
  bool session_present = false;
  std::string epoch;  // empty: no bookmark there
  std::map<std::string, std::uint64_t, std::less<>> lanes;
};

}  // namespace bascule
