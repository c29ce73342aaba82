// The other end of the control API: one question to the daemon.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

namespace bascule {

// Somebody listens, and has not answered.
struct NoAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A slow flash disk may hold an answer back.
inline constexpr std::chrono::seconds answer_within{60};

// GETs `path_and_query` from the daemon that listens on `socket`. Nothing if no daemon listens
// there. Throws std::runtime_error with the daemon's own words if it refuses, and with what to do
// if it cannot be spoken to (no permission, an answer that is not JSON); NoAnswer if there is none
// in time.
// Blocks; any thread.
std::optional<nlohmann::json> ask(const std::string& socket, const std::string& path_and_query,
                                  std::chrono::seconds within = answer_within);

// Likewise, but POSTs: what is to be done.
std::optional<nlohmann::json> tell(const std::string& socket, const std::string& path_and_query);

}  // namespace bascule
