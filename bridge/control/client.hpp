// The other end of the control API: one question to the daemon.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace bascule {

// GETs `path_and_query` from the daemon that listens on `socket`. Nothing if no daemon listens
// there. Throws std::runtime_error with the daemon's own words if it refuses, and with what to do
// if it cannot be spoken to (no permission, no answer in time, an answer that is not JSON).
// Blocks; any thread.
std::optional<nlohmann::json> ask(const std::string& socket, const std::string& path_and_query);

// Likewise, but POSTs: what is to be done.
std::optional<nlohmann::json> tell(const std::string& socket, const std::string& path_and_query);

}  // namespace bascule
