// How the command line gives an answer: as it came, for programs, or as text for people.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

// `render` makes the text; its second argument: with colours. Returns exit_code::done.
int print(const nlohmann::json& answer, bool as_json,
          const std::function<std::string(const nlohmann::json&, bool)>& render);

// How far a long question has come, in one line of stderr that is written anew each time:
// "verified 5,000 of 20,000 messages, 25 %". Without a total that is known (less than done), just
// the count. For a terminal; end_progress() wipes the line.
void print_progress(const char* what, std::uint64_t done, std::uint64_t total, const char* of);
void end_progress();

}  // namespace bascule
