#include "cli/ask.hpp"

#include <iostream>

#include "control/query/queries.hpp"

namespace bascule {

NoDaemon::NoDaemon(const std::string& socket)
    : std::runtime_error("no daemon answers at " + socket +
                         "; start it with 'systemctl start bascule' or 'bascule run'") {}

BridgeConfig config_to_ask(const std::string& path) {
  try {
    return load_config(path, NamedFiles::ignored);
  } catch (const ConfigError& error) {
    BridgeConfig config;
    config.file = path;
    config.control.socket = control_socket_in(path);
    if (!ask(config.control.socket, "/v1/holder")) throw;
    std::cerr << to_string(error.problems().front())
              << "\nbascule: the file has a fault, so this asks the bridge that runs with what the "
                 "file said before; 'bascule check' has all faults\n";
    return config;
  }
}

nlohmann::json ask_daemon(const BridgeConfig& config, const std::string& path,
                          std::chrono::seconds within) {
  if (auto told = ask(config.control.socket, path, within)) return *std::move(told);
  throw NoDaemon(config.control.socket);
}

nlohmann::json tell_daemon(const BridgeConfig& config, const std::string& path) {
  if (auto told = tell(config.control.socket, path)) return *std::move(told);
  throw NoDaemon(config.control.socket);
}

nlohmann::json answer(const BridgeConfig& config, const std::string& path, const Query& query) {
  if (auto told = ask(config.control.socket, query.behind(path))) return *std::move(told);
  return offline_query(config, path, query);
}

}  // namespace bascule
