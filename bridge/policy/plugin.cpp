#include "policy/plugin.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "text/wording.hpp"

namespace bascule {
namespace {

// What can be had instead, for whoever misspelt it.
std::string there_is(const std::vector<std::string>& directories) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const std::string& directory : directories) {
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
      if (entry.path().extension() == ".so") names.push_back(entry.path().stem());
    }
  }
  return names.empty() ? "there is none there" : "there is " + comma_list(names);
}

std::string find(const std::string& plugin, const std::vector<std::string>& directories) {
  if (plugin.starts_with('/')) return plugin;
  std::error_code ignored;
  for (const std::string& directory : directories) {
    const std::filesystem::path path = std::filesystem::path(directory) / (plugin + ".so");
    if (std::filesystem::exists(path, ignored)) return path;
  }
  throw PluginError("names no plugin: no " + plugin + ".so in " + comma_list(directories) + "; " +
                    there_is(directories));
}

const char* missing(const bascule_policy& policy) {
  if (policy.size < offsetof(bascule_policy, decide) + sizeof policy.decide) return "size";
  if (policy.type == nullptr) return "type";
  if (policy.version == nullptr) return "version";
  if (policy.create == nullptr) return "create";
  if (policy.destroy == nullptr) return "destroy";
  return policy.decide == nullptr ? "decide" : nullptr;
}

}  // namespace

std::vector<std::string> plugin_directories(const std::string& configured) {
  if (!configured.empty()) return {configured};
  std::vector<std::string> directories;
  if (const char* named = std::getenv("BASCULE_PLUGIN_DIR"); named != nullptr && *named != '\0') {
    directories.emplace_back(named);
  }
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) directories.push_back(program.parent_path() / "plugins");
  directories.emplace_back(BASCULE_PLUGIN_DIR);
  return directories;
}

const bascule_policy& load_plugin(const std::string& plugin,
                                  const std::vector<std::string>& directories) {
  const std::string path = find(plugin, directories);
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    throw PluginError("names a plugin that cannot be loaded: " +
                      std::string(why == nullptr ? path : why));
  }
  const auto entry =
      reinterpret_cast<decltype(&bascule_policy_plugin)>(::dlsym(library, "bascule_policy_plugin"));
  if (entry == nullptr) {
    throw PluginError("names a library that is no plugin: " + path +
                      " has no symbol bascule_policy_plugin");
  }
  const bascule_policy* policy = entry(BASCULE_POLICY_ABI);
  if (policy == nullptr || policy->abi > BASCULE_POLICY_ABI) {
    throw PluginError("names a plugin for a newer bascule: " + path + " does not take version " +
                      std::to_string(BASCULE_POLICY_ABI) +
                      " of the plugin interface, which is this program's; update bascule");
  }
  if (const char* what = missing(*policy)) {
    throw PluginError("names a broken plugin: " + path + " gives no " + what);
  }
  return *policy;
}

}  // namespace bascule
