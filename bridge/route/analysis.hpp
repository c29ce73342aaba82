// What can be known about routes before anything runs: rules that can never match, and rules that
// send a message round in circles. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "route/route.hpp"

namespace bascule {

// A finding about rules[route], because of rules[other], which stands before it.
struct RouteFinding {
  enum class Kind { shadowed, loop } kind;
  std::size_t route;
  std::size_t other;
  std::string text;  // one sentence, naming both routes, with what to do
};

// Shadowed: every topic of a rule is taken by an earlier rule of the same direction. Loop: what a
// rule publishes can be taken by a rule of the other direction whose result the first takes again.
// The two rules of one `direction: both` are not held against each other. Excludes are honoured. A
// loop is found even where it would end after some rounds: the analysis is on topics alone, and
// errs on the safe side. Findings come in the order of the rules, with one shadow per rule at most.
// The patterns must be valid; else std::invalid_argument is thrown. Only rules whose topics meet
// are held against each other; `compared`, if given, grows by how many pairs that were.
std::vector<RouteFinding> analyse(const std::vector<Route>& rules, std::string_view bridge_id,
                                  std::size_t* compared = nullptr);

}  // namespace bascule
