// What a policy's inputs were, in the order in which they were decided:
//
//   /v1/policies/inputs   policy; up, down (the last number of each direction that is known; 0)
//                         {"inputs": [{"direction", "number", "record" (base64, as it lies in the
//                          journal), "boot", "captured_ms" (boot time), "wall_ms",
//                          "clock_trusted", "verdict" (JSON text; empty: none)}],
//                          "epoch", "first": {"up", "down"} (the oldest that are kept; 0: none),
//                          "decided": {"up", "down"} (the last that are)}
//                         Each answer has a bounded number; one without any is the end.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "journal/core.hpp"

namespace bascule {

// What the daemon answers to /v1/policies/inputs. On the journal's thread. Throws
// std::invalid_argument if there is no such policy.
nlohmann::json policy_inputs_answer(JournalCore& core, const std::string& policy,
                                    std::uint64_t known_up, std::uint64_t known_down);

}  // namespace bascule
