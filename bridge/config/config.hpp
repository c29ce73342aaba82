// The configuration file: YAML in, settings out, or every problem that can be found at once. It is
// read on start, on reload and by `check`; nothing here keeps state.
//
// Defaults stand in the settings of each module, not here. What a file names (certificates,
// passwords) is looked for, but not read. No value that could be a secret gets into a problem's
// text.
#pragma once

#include <exception>
#include <map>
#include <string>
#include <vector>

#include "config/yaml.hpp"
#include "control/settings.hpp"
#include "journal/settings.hpp"
#include "link/link.hpp"
#include "log.hpp"
#include "message/lane.hpp"
#include "policy/settings.hpp"
#include "route/route.hpp"

namespace bascule {

// One entry of `policies`, and where its parts stand.
struct PolicyConfig : PolicySettings {
  Position at, plugin_at, cases_at;
  std::map<std::string, Position> positions;  // of the options, by JSON pointer
};

struct Problem {
  std::string file;
  int line = 0;    // from 1; 0: the problem is the file as a whole
  int column = 0;  // from 1, in bytes
  std::string text;
  bool warning = false;     // the file can be used
  bool about_file = false;  // a file that it names is not there, or cannot be used
};

struct BridgeConfig {
  std::string file;
  std::string id;
  std::string data_dir = "/var/lib/bascule";  // the journal's too
  std::string stamp_key_file;                 // empty: stamps are proven without a key
  LinkSettings site;                          // without a will: the daemon adds it
  LinkSettings central;
  bool hub = false;  // there is no central broker: the bridge stands at the centre
  JournalSettings journal;
  std::vector<LaneSettings> lanes;  // in file order; `default` is always among them
  std::vector<Route> routes;        // in file order
  std::string plugin_dir;           // empty: the usual places
  std::vector<PolicyConfig> policies;
  ControlSettings control;
  LogSettings log;
  std::vector<Problem> warnings;  // in file order
};

// "file:line:col: error: text", or "file: error: text" without a line; "warning:" of one.
std::string to_string(const Problem& problem);

// Carries at least one problem, in file order; what() has one line for each.
class ConfigError : public std::exception {
 public:
  explicit ConfigError(std::vector<Problem> problems);
  const std::vector<Problem>& problems() const { return problems_; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::vector<Problem> problems_;
  std::string what_;
};

// Whether the files that the configuration names (passwords, keys, certificates) must be there: who
// only asks the daemon needs none of them, and may not be allowed to read them.
enum class NamedFiles : std::uint8_t { needed, ignored };

// Throws ConfigError. Plugins are not loaded.
BridgeConfig load_config(const std::string& path, NamedFiles files = NamedFiles::needed);

// Where the daemon of a file listens that has faults: as it says, or the default.
std::string control_socket_in(const std::string& path);

// Loads the plugins, lets each say what is wrong with its options, and holds the topics that it
// names against the routes. Throws ConfigError.
void check_policies(const BridgeConfig& config);

}  // namespace bascule
