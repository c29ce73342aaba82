// Keeps the authority's state from growing for ever (options history, sites, silent). What is old
// enough, and what every site has acknowledged, is forgotten: entries of the history that no edit
// to come can meet, the memory of their ops, records that are deleted.
//
// An entry goes once a later version of its record is acknowledged by all: no edit to come can name
// a version before it. So the newest version that all have acknowledged is always there, with all
// that came after it. Nothing of a record goes while one of its ops is parked or a person is asked
// about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conflict/authority/turn/turn.hpp"

namespace bascule::conflict {

// A site says up to which mark everything had come to it.
void acknowledge(Turn& turn, std::string_view site, std::uint64_t mark);
// The same in a message of its own (topics.mark).
void take_mark(Turn& turn, const std::string& site);

// Asks for the wake that trims, if there is anything to trim one day; at the end of a step.
void plan_trim(Turn& turn);
// That wake: forgets some, and comes again for the rest.
void trim(Turn& turn);

// A person has decided whether to wait for a site that is silent.
void resolve_silent(Turn& turn, std::int64_t number, const std::string& site, bool drop);

}  // namespace bascule::conflict
