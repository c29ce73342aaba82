#include "policy/instance.hpp"

#include "policy/host_functions.hpp"

namespace bascule {
namespace {

void note_problem(void* context, bascule_bytes pointer, bascule_bytes text) {
  static_cast<std::vector<OptionProblem>*>(context)->push_back(
      {std::string(view(pointer)), std::string(view(text))});
}

}  // namespace

std::string OptionProblem::path() const {
  std::string path = "options";
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      path += '.';
    } else if (pointer[i] == '~' && i + 1 < pointer.size()) {
      path += pointer[++i] == '1' ? '/' : '~';
    } else {
      path += pointer[i];
    }
  }
  return path;
}

std::unique_ptr<Instance> Instance::make(const bascule_policy& type, const PolicySettings& settings,
                                         const std::string& bridge_id,
                                         std::vector<OptionProblem>& problems) {
  const auto bytes = [](const std::string& text) {
    return bascule_bytes{text.data(), text.size()};
  };
  bascule_options options{};
  options.size = sizeof options;
  options.json = bytes(settings.options);
  options.name = bytes(settings.name);
  options.bridge_id = bytes(bridge_id);
  options.context = &problems;
  options.problem = note_problem;
  void* made = type.create(&host_functions(), &options);
  if (made != nullptr && problems.empty()) {
    return std::unique_ptr<Instance>(new Instance(type, made));
  }
  if (made != nullptr) type.destroy(made);
  if (problems.empty()) problems.push_back({"", "are refused by the plugin, it does not say why"});
  return nullptr;
}

}  // namespace bascule
