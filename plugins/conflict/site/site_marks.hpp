// What a site says of what has come to it, and of how far its own edits have come (topics.mark).
#pragma once

#include <string>
#include <string_view>

#include "conflict/site/visit.hpp"

namespace bascule::conflict {

// The mark of a message of a hub is noted; gives the hub's name, empty if there is no mark.
std::string take_mark(Visit& visit);
// The marks of all hubs that had come by then, as they are sent.
std::string marks_at(const Visit& visit, const Moment& at);
// Asks for the wake that sends marks, if that has not been done; and that wake.
void plan_marks(Visit& visit);
void send_marks(Visit& visit);

// The authority asks how far the edits have come; what waits for the clock goes first.
bool is_ask(const Options& options, std::string_view topic);
void take_ask(Visit& visit);
// Says that all that was edited here up to now has left: whatever comes later is stamped later.
void report(Visit& visit);

}  // namespace bascule::conflict
