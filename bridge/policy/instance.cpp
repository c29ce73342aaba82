#include "policy/instance.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "policy/host_functions.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

using nlohmann::json;

// One token of a JSON pointer.
std::string unescaped(const std::string& token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    text += escape ? (token[++i] == '1' ? '/' : '~') : token[i];
  }
  return text;
}

// What a plugin says while it reads its options.
struct Said {
  std::vector<OptionProblem>& problems;
  std::vector<PolicyTopic>* topics;
};

void note_problem(void* context, bascule_bytes pointer, bascule_bytes text) {
  static_cast<Said*>(context)->problems.push_back(
      {std::string(view(pointer)), std::string(view(text))});
}

void note_topic(void* context, const bascule_topic* raw) {
  auto* topics = static_cast<Said*>(context)->topics;
  if (topics == nullptr || raw->size < sizeof(bascule_topic)) return;
  PolicyTopic topic;
  topic.kind = raw->kind == BASCULE_SENDS ? PolicyTopic::Kind::sends : PolicyTopic::Kind::takes;
  topic.direction = raw->direction == BASCULE_DOWN ? Direction::down : Direction::up;
  topic.needed = raw->needed != 0;
  topic.option.pointer = view(raw->pointer);
  topic.filter = view(raw->filter);
  topic.lane = view(raw->lane);
  topics->push_back(std::move(topic));
}

}  // namespace

std::string OptionProblem::path(const std::string& options) const {
  const json none;
  const json document = json::parse(options, nullptr, false);
  const json* at = &document;
  std::string path = "options";
  for (std::size_t begin = 1; begin <= pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string token = unescaped(pointer.substr(begin, end - begin));
    begin = end + 1;
    if (at->is_array()) {
      const auto place = parse_number<std::size_t>(token).value_or(at->size());
      path += '.' + std::to_string(place + 1);
      at = place < at->size() ? &(*at)[place] : &none;
    } else {
      path += '.' + token;
      at = at->is_object() && at->contains(token) ? &(*at)[token] : &none;
    }
  }
  return path;
}

std::unique_ptr<Instance> Instance::make(const bascule_policy& type, const PolicySettings& settings,
                                         const std::string& bridge_id,
                                         std::vector<OptionProblem>& problems,
                                         std::vector<PolicyTopic>* topics) {
  const auto bytes = [](const std::string& text) {
    return bascule_bytes{text.data(), text.size()};
  };
  bascule_options options{};
  options.size = sizeof options;
  options.json = bytes(settings.options);
  options.name = bytes(settings.name);
  options.bridge_id = bytes(bridge_id);
  Said said{problems, topics};
  options.context = &said;
  options.problem = note_problem;
  options.topic = note_topic;
  void* made = type.create(&host_functions(), &options);
  if (made != nullptr && problems.empty()) {
    return std::unique_ptr<Instance>(new Instance(type, made));
  }
  if (made != nullptr) type.destroy(made);
  if (problems.empty()) problems.push_back({"", "are refused by the plugin, it does not say why"});
  return nullptr;
}

}  // namespace bascule
