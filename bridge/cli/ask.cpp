#include "cli/ask.hpp"

#include "control/queries.hpp"

namespace bascule {

NoDaemon::NoDaemon(const std::string& socket)
    : std::runtime_error("no daemon answers at " + socket +
                         "; start it with 'systemctl start bascule' or 'bascule run'") {}

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
