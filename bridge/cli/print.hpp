// How the command line gives an answer: as it came, for programs, or as text for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

// `render` makes the text; its second argument: with colours. Returns exit_code::done.
int print(const nlohmann::json& answer, bool as_json,
          std::string (*render)(const nlohmann::json&, bool));

}  // namespace bascule
