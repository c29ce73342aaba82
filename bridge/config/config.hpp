// The configuration file: YAML in, settings out, or every problem that can be found at once. It is
// read on start, on reload and by `check`; nothing here keeps state.
//
// Defaults stand in the settings of each module, not here. What a file names (certificates,
// passwords) is looked for, but not read. No value that could be a secret gets into a problem's
// text.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "control/settings.hpp"
#include "journal/settings.hpp"
#include "lane.hpp"
#include "link/link.hpp"
#include "log.hpp"
#include "route/route.hpp"

namespace bascule {

struct BridgeConfig {
  std::string id;
  std::string data_dir = "/var/lib/bascule";  // the journal's too
  LinkSettings site;                          // without a will: the daemon adds it
  LinkSettings central;
  JournalSettings journal;
  std::vector<LaneSettings> lanes;  // in file order; `default` is always among them
  std::vector<Route> routes;        // in file order
  ControlSettings control;
  LogSettings log;
};

struct Problem {
  std::string file;
  int line = 0;    // from 1; 0: the problem is the file as a whole
  int column = 0;  // from 1, in bytes
  std::string text;
};

// "file:line:col: error: text", or "file: error: text" without a line.
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

// Throws ConfigError.
BridgeConfig load_config(const std::string& path);

}  // namespace bascule
