// Cases: what a person is asked, and what becomes of the answer; README.md lists them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// Parks an op with a case.
void park(Turn& turn, const Op& op, Verdict verdict, const std::string& reason,
          const Violation& violation = {});
// Asks for the wake of the first op that waits for its time; without one, for none.
void plan_clock(Turn& turn);
// Takes a parked op back, and closes its case.
Op unpark(Turn& turn, const Parked& parked, const std::string& outcome);
// Units with Rule::ask of which several values wait; closes the cases of those that wait no more.
// Puts the record again if it changes.
void ask_about_fields(Turn& turn, Record& record, const Op& op,
                      const std::vector<std::string>& units);
// The cases of the record's fields that are open; and the end of those of them that the record has
// no more, since another life of it has begun.
std::vector<std::int64_t> open_questions(const Record& record);
void close_questions(Turn& turn, const std::vector<std::int64_t>& numbers, const Record& record,
                     const std::string& outcome);
// An insert of which nobody can tell whether it is one of the `near` records. Sets the record's
// case; the caller puts it.
void ask_about_insert(Turn& turn, const Op& op, Record& record,
                      const std::vector<std::string>& near);
// The decision of a case made no sense: it is closed, and put again with the reason.
void ask_again(Turn& turn, std::int64_t number, const Case& it, const std::string& why);

}  // namespace bascule::conflict
