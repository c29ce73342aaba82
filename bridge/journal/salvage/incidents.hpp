// What happened to the journal as a whole, for people: it was salvaged, or came from another
// machine. In a file of its own beside it, data_dir/incidents.json, since it outlives the journal
// that it tells of. Each is null where it never happened. Any thread, one at a time.
//
//   {"salvaged": {"at_ms", "pages", "damaged_pages", "aside", "told", "acknowledged"},
//    "moved": {"at_ms", "acknowledged"}}
//    told: of what was lost, upstream
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

nlohmann::json read_incidents(const std::string& data_dir);
// In place of what is there, at once or not at all. Throws std::runtime_error.
void write_incident(const std::string& data_dir, const char* which, const nlohmann::json& what);

}  // namespace bascule
