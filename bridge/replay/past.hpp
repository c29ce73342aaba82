// Where a replay gets the past from. The daemon has it, and a journal without one; whoever asks for
// a replay knows which, and says here how to ask.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

// Each gives a page of the answer, and throws where nobody can answer.
struct Past {
  // The decided inputs of a policy behind those that are known, as policy_inputs.hpp has them.
  std::function<nlohmann::json(const std::string& policy, std::uint64_t known_up,
                               std::uint64_t known_down)>
      inputs;

  // {"cases": [case]}, open and closed ones, newest first: those below this number; 0: the newest.
  std::function<nlohmann::json(std::uint64_t before)> cases;
};

}  // namespace bascule
