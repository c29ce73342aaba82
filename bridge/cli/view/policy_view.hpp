// Policies, decisions and cases (see control/policy_queries.hpp for their shapes) for people. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

std::string render_policies(const nlohmann::json& answer, bool colour);  // {"policies": […]}
std::string render_decision(const nlohmann::json& answer, bool colour);
std::string render_cases(const nlohmann::json& answer, bool colour);  // {"cases": […]}
// What came of a decision: "case 7 is closed" with its outcome, or that it is not yet.
std::string render_outcome(const nlohmann::json& answer);
std::string render_case(const nlohmann::json& answer, bool colour);
std::string render_replay(const nlohmann::json& answer, bool colour);  // replay/comparison.hpp

}  // namespace bascule
