// What the far broker's bookmark says; see forwarder/bookmark/bookmark.hpp. A value.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace bascule {

struct FarKnowledge {
  bool asked = false;     // once on this connection; all else is its answer
  bool readable = false;  // the answer is complete
  bool session_present = false;
  // Its sessions are at least as durable as what it retains: one that is there counts more than a
  // bookmark that is older than one which was read back before.
  bool session_overrules = false;
  std::string epoch;  // empty: no bookmark there
  // The connection that wrote it, by the number that the journal gave it. 0: one whose end the
  // broker was not asked to note, or an earlier version's.
  std::uint64_t connection = 0;
  // Whether it retains that the bridge is online, though the last connection is over: neither its
  // will nor a farewell has come there since. Unset: it shows nothing of that.
  std::optional<bool> online;
  std::map<std::string, std::uint64_t, std::less<>> lanes;
};

}  // namespace bascule
