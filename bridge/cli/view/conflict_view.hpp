// What `bascule conflict` shows, as text for people; from an answer of the policy. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

std::string render_losers(const nlohmann::json& answer, bool colour);
std::string render_records(const nlohmann::json& answer, bool colour);
std::string render_reinstated(const nlohmann::json& answer, bool colour);

}  // namespace bascule
