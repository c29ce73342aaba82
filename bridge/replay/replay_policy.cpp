#include "replay/replay_policy.hpp"

#include <algorithm>
#include <stdexcept>

#include "config/stages.hpp"
#include "policy/case_desk.hpp"
#include "replay/case_numbers.hpp"
#include "replay/comparison.hpp"
#include "replay/past_inputs.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::uint64_t inputs_per_progress = 500;

const PolicyConfig& policy_in(const BridgeConfig& config, const std::string& name) {
  for (const PolicyConfig& policy : config.policies) {
    if (policy.name == name) return policy;
  }
  std::string names;
  for (const PolicyConfig& policy : config.policies) names += ' ' + policy.name;
  throw std::runtime_error(config.file + " has no policy '" + name +
                           "'; it has:" + (names.empty() ? " none" : names));
}

// A part of a list by its number, from 1; null: there is none.
json* item(json& list, const std::string& name) {
  const auto number = parse_number<std::size_t>(name);
  const bool there = list.is_array() && number && *number >= 1 && *number <= list.size();
  return there ? &list[*number - 1] : nullptr;
}

// "a.1.b=5": the value is JSON if it can be read so, and a text otherwise.
void set_option(json& options, const std::string& set) {
  const std::size_t equals = set.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw std::runtime_error("--set wants KEY=VALUE, not '" + set + "'");
  }
  json* at = &options;
  std::string path = set.substr(0, equals);
  while (true) {
    const std::size_t dot = path.find('.');
    const std::string name = path.substr(0, dot);
    at = at->is_object() ? &(*at)[name] : item(*at, name);
    if (at == nullptr) {
      throw std::runtime_error("--set " + set + ": what is above '" + path +
                               "' is no map, and no list with that place");
    }
    if (dot == std::string::npos) break;
    if (at->is_null()) *at = json::object();
    path.erase(0, dot + 1);
  }
  json value = json::parse(set.substr(equals + 1), nullptr, false);
  *at = value.is_discarded() ? json(set.substr(equals + 1)) : std::move(value);
}

// One configuration on its way through the inputs.
struct Side {
  Side(const BridgeConfig& config, const PolicySettings& policy, const PastInputs& inputs,
       CaseNumbers known)
      : numbers(std::move(known)),
        replay(make_instance(host_settings(config), policy), context(config, policy),
               all_lanes(config), inputs.epoch()) {}

  StepContext context(const BridgeConfig& config, const PolicySettings& policy) {
    StepContext context = step_context(host_settings(config), policy);
    context.number_case = [this](std::string_view kind, std::string_view subject,
                                 std::int64_t opened_ms) {
      return numbers.take(kind, subject, opened_ms);
    };
    return context;
  }

  std::optional<Redecision> decide(const PastInputs::One& one, const PastInputs& inputs) {
    while (const auto due = replay.next_wake()) {
      if (due->at_ms > one.input.wall_ms || inputs.will_come(*due)) break;
      cases += replay.wake(*due, one.input).cases;
      ++own_wakes;
    }
    auto made = replay.decide(one.input);
    if (made) cases += made->cases;
    return made;
  }

  CaseNumbers numbers;
  Replay replay;
  std::uint64_t cases = 0;
  std::uint64_t own_wakes = 0;
};

// The policy as it would be, in its configuration.
std::pair<BridgeConfig, PolicySettings> other_settings(const BridgeConfig& config,
                                                       const ReplayRequest& request) {
  BridgeConfig other =
      request.with.empty() ? config : load_config(request.with, NamedFiles::ignored);
  other.id = config.id;  // it is this bridge's past
  PolicySettings policy = policy_in(other, request.policy);
  json options = json::parse(policy.options);
  for (const std::string& set : request.sets) set_option(options, set);
  policy.options = options.dump();
  return {std::move(other), std::move(policy)};
}

}  // namespace

json replay_policy(const BridgeConfig& config, const Past& past, const ReplayRequest& request,
                   const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const PolicySettings& policy = policy_in(config, request.policy);
  const auto [other_config, other_policy] = other_settings(config, request);
  const bool compare = !request.with.empty() || !request.sets.empty();

  PastInputs inputs(past, request.policy);
  const CaseNumbers numbers(past, request.policy);
  Side present(config, policy, inputs, numbers);
  std::optional<Side> other;
  if (compare) other.emplace(other_config, other_policy, inputs, numbers);

  Comparison comparison(request.listed);
  std::uint64_t done = 0, quarantined = 0;
  std::int64_t from_ms = 0, to_ms = 0;
  while (const PastInputs::One* one = inputs.next()) {
    if (done++ == 0) from_ms = one->input.wall_ms;
    to_ms = one->input.wall_ms;
    if (done % inputs_per_progress == 0) progress(done, std::max(done, inputs.total()));
    // A decision over MQTT was the bridge's; what it decided is an input of its own.
    if (one->kind == InputKind::message && decided_case(policy.cases, one->topic)) continue;
    if (one->quarantined) {
      ++quarantined;
      continue;
    }
    const auto was = present.decide(*one, inputs);
    comparison.present(*one, was);
    if (other) comparison.other(*one, was, other->decide(*one, inputs));
  }
  json would_be;
  if (other) {
    would_be = comparison.other_answer();
    would_be["cases_more"] =
        static_cast<std::int64_t>(other->cases) - static_cast<std::int64_t>(present.cases);
    would_be["own_wakes"] = other->own_wakes;
  }
  return {{"policy", request.policy},
          {"inputs", done},
          {"from_ms", from_ms},
          {"to_ms", to_ms},
          {"from_the_start", inputs.from_the_start()},
          {"present", comparison.present_answer()},
          {"other", std::move(would_be)},
          {"quarantined", quarantined}};
}

}  // namespace bascule
