// Where the command line gets its answers from.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "config/config.hpp"
#include "control/http/client.hpp"
#include "control/query/query.hpp"

namespace bascule {

// No daemon answers, and only a daemon knows. Ends the program with exit code 3.
struct NoDaemon : std::runtime_error {
  explicit NoDaemon(const std::string& socket);
};

// The configuration, for a command that asks. A file with a fault keeps nobody from the bridge that
// runs: then it has the socket alone, and stderr has the fault. Throws as load_config() where no
// daemon answers either.
BridgeConfig config_to_ask(const std::string& path);

// Asks the daemon, and nobody else.
nlohmann::json ask_daemon(const BridgeConfig& config, const std::string& path,
                          std::chrono::seconds within = answer_within);

// Tells the daemon to do something.
nlohmann::json tell_daemon(const BridgeConfig& config, const std::string& path);

// Asks the daemon; if none runs, the journal itself.
nlohmann::json answer(const BridgeConfig& config, const std::string& path, const Query& query);

}  // namespace bascule
