// What `bascule status` says before its tables, and all that a monitor asks: whether the bridge is
// well, and if not, why, the most urgent first. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bascule {

enum class Health {
  ok,        // everything crosses
  degraded,  // something waits that should cross, or was lost lately, or could be unnoticed
  failing    // the journal takes nothing in, or is about to be full; or nobody answers
};

struct Verdict {
  Health health = Health::ok;
  std::vector<std::string> because;  // a line each; also what is well but should be known
};

// `status` is the answer to /v1/status. `now_ms` since 1970 UTC; ages count from there.
Verdict verdict(const nlohmann::json& status, std::int64_t now_ms);

// In lines of at most `page` columns; 0: one a reason.
// "DEGRADED  central: down for 2 h (connection refused)", and further reasons below it.
std::string verdict_text(const Verdict& verdict, bool colour, std::size_t page = 0);

// {"state": "ok" | "degraded" | "failing", "because": [text]}: `health` of `status --json`.
nlohmann::json verdict_json(const Verdict& verdict);

}  // namespace bascule
