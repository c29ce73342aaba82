// The sites of a hub for a terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

// The answer of /v1/fleet as a table: who needs help first, with what it needs.
std::string render_fleet(const nlohmann::json& answer, bool colour);

}  // namespace bascule
