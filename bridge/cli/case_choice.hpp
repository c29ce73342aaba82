// What a person types to decide a case, as the decision that it means. Whatever can be seen from
// the case to make no sense is refused here, before anything is asked of the policy. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bascule {

// The names of the choices that a case offers; empty: anything goes.
std::vector<std::string> case_choices(const nlohmann::json& one);

struct CaseDecision {
  std::string choose;
  std::string data;  // JSON; empty: none
};

// `one` is the case as /v1/cases/show has it. `choice`: a name, or its number in the order that the
// case has them. `value`: of `take` the number of one of the case's values; of `set` the value, as
// JSON or as it is; empty: none. `data` in place of it: JSON. Throws std::invalid_argument, with
// what there is to choose from.
CaseDecision case_decision(const nlohmann::json& one, const std::string& choice,
                           const std::string& value, const std::string& data);

}  // namespace bascule
