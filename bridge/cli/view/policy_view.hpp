// Policies, decisions and cases (see control/policy_queries.hpp for their shapes) for people. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

std::string render_policies(const nlohmann::json& answer, bool colour);  // {"policies": […]}
std::string render_decision(const nlohmann::json& answer, bool colour);
std::string render_cases(const nlohmann::json& answer, bool colour);  // {"cases": […]}
std::string render_case(const nlohmann::json& answer, bool colour);
std::string render_replay(const nlohmann::json& answer, bool colour);  // replay/comparison.hpp

}  // namespace bascule
