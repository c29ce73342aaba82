// Which of a unit's values stands, when their authors had not seen each other's. Pure; does not
// depend on the order in which the values came.
#pragma once

#include <string>

#include "conflict/options/options.hpp"
#include "conflict/record/record.hpp"

namespace bascule::conflict {

struct Winner {
  SharedText value;
  int head = -1;  // the one that stands; -1: something of all of them, or nothing new
};

// Of the unit's heads, of which there is at least one. Rule::ask with several leaves unit.value.
Winner settle(Rule rule, const Record& record, const Unit& unit);

// Whether time decides, so that uncertain clocks make the outcome uncertain.
bool by_time(Rule rule);
// Why a value cannot be of a unit with this rule: "not_an_integer"; empty: it can.
std::string misfit(Rule rule, const std::string& value);

}  // namespace bascule::conflict
