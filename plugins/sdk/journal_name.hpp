// Whose numbers they are: marks, versions and snapshots are those of one journal, and say nothing
// of what another bridge has numbered, nor the same one before its journal was made anew.
#pragma once

#include <string>
#include <string_view>

#include "bascule/policy.hpp"

namespace bascule::sdk {

// "hub/0123456789abcdef": the bridge that runs this step, and the epoch of its journal.
inline std::string journal_name(std::string_view bridge_id, const plugin::Input& input) {
  std::string name(bridge_id);
  return name.append("/").append(input.bridge_epoch());
}

}  // namespace bascule::sdk
