#include "cli/draft/mosquitto_conf.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace bascule {
namespace {

// Besides those that begin with bridge_.
constexpr std::string_view of_bridges[] = {"address",
                                           "addresses",
                                           "cleansession",
                                           "clientid",
                                           "idle_timeout",
                                           "keepalive_interval",
                                           "local_clientid",
                                           "local_cleansession",
                                           "local_password",
                                           "local_username",
                                           "notification_topic",
                                           "notifications",
                                           "password",
                                           "notifications_local_only",
                                           "remote_clientid",
                                           "remote_password",
                                           "remote_username",
                                           "restart_timeout",
                                           "round_robin",
                                           "start_type",
                                           "threshold",
                                           "topic",
                                           "try_private",
                                           "username"};

bool of_bridge(std::string_view name) {
  return name.starts_with("bridge_") || std::ranges::find(of_bridges, name) != std::end(of_bridges);
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(blanks) + 1 - begin));
}

// A bridge goes on to the end of its file, also behind an include_dir, but not into another one.
void read(std::istream& text, const std::string& file, MosquittoConf& conf) {
  bool in_bridge = false;
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    MosquittoOption option{line.substr(0, end), trimmed(line.substr(end)), file, number};
    if (option.name == "connection") {
      if (option.value.empty()) {
        throw std::runtime_error(option.place() + ": 'connection' needs a name");
      }
      conf.bridges.push_back({std::move(option), {}});
      in_bridge = true;
    } else if (!of_bridge(option.name)) {
      conf.broker.push_back(std::move(option));
    } else if (in_bridge) {
      conf.bridges.back().options.push_back(std::move(option));
    } else {
      throw std::runtime_error(option.place() + ": '" + option.name +
                               "' belongs to a bridge, and no 'connection' stands before it");
    }
  }
}

void read_file(const std::string& path, MosquittoConf& conf) {
  std::error_code error;
  std::ifstream text(path);
  if (!text || std::filesystem::is_directory(path, error)) {
    const int reason = text ? EISDIR : errno;
    throw std::runtime_error(path + ": cannot be read: " + std::generic_category().message(reason) +
                             "; name mosquitto's configuration with --from FILE");
  }
  read(text, path, conf);
}

// *.conf, by name, as mosquitto reads them.
std::vector<std::string> files_in(const MosquittoOption& include) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(include.value, error)) {
    const std::string name = entry.path().filename();
    if (name.size() > 5 && name.ends_with(".conf") && name.front() != '.') {
      paths.push_back(entry.path());
    }
  }
  if (error) {
    throw std::runtime_error(include.place() + ": include_dir " + include.value +
                             " cannot be read: " + error.message());
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

const MosquittoOption* MosquittoBridge::find(const std::string& name) const {
  const MosquittoOption* found = nullptr;
  for (const MosquittoOption& option : options) {
    if (option.name == name) found = &option;
  }
  return found;
}

MosquittoConf parse_mosquitto_conf(std::istream& text, const std::string& file) {
  MosquittoConf conf;
  read(text, file, conf);
  return conf;
}

MosquittoConf read_mosquitto_conf(const std::string& path) {
  MosquittoConf conf;
  read_file(path, conf);
  const auto options = conf.broker;
  for (const MosquittoOption& option : options) {
    if (option.name != "include_dir") continue;
    for (const std::string& file : files_in(option)) read_file(file, conf);
  }
  return conf;
}

}  // namespace bascule
