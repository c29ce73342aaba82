// A plugin: a shared library that holds one policy type (plugins/bascule/policy.h). Loaded once per
// process and never unloaded: its code may have left things behind. Main thread.
#pragma once

#include <bascule/policy.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace bascule {

// A plugin that cannot be used. The text is a sentence for people, without a subject.
class PluginError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where plugins are looked for by name: `configured`, if there is one; else $BASCULE_PLUGIN_DIR,
// `plugins` beside the running program, and where they are installed.
std::vector<std::string> plugin_directories(const std::string& configured);

// Loads `plugin`, an absolute path or the NAME of a NAME.so in one of the directories. The answer
// is static. Throws PluginError.
const bascule_policy& load_plugin(const std::string& plugin,
                                  const std::vector<std::string>& directories);

}  // namespace bascule
