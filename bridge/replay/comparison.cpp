#include "replay/comparison.hpp"

#include <algorithm>
#include <stdexcept>

#include "cli/ask.hpp"
#include "daemon.hpp"
#include "replay/past_inputs.hpp"
#include "text/fields.hpp"

namespace bascule {
namespace {

using nlohmann::json;

// The changes are told apart up to so many; the rest is one more.
constexpr std::size_t changes_max = 200;
constexpr std::uint64_t inputs_per_progress = 500;
// Above all numbers of cases that a journal can have.
constexpr std::int64_t own_cases_from = std::int64_t{1} << 40;

const PolicyConfig& policy_in(const BridgeConfig& config, const std::string& name) {
  for (const PolicyConfig& policy : config.policies) {
    if (policy.name == name) return policy;
  }
  std::string names;
  for (const PolicyConfig& policy : config.policies) names += ' ' + policy.name;
  throw std::runtime_error(config.file + " has no policy '" + name +
                           "'; it has:" + (names.empty() ? " none" : names));
}

// "a.b=5": the value is JSON if it can be read so, and a text otherwise.
void set_option(json& options, const std::string& set) {
  const std::size_t equals = set.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw std::runtime_error("--set wants KEY=VALUE, not '" + set + "'");
  }
  json* at = &options;
  std::string path = set.substr(0, equals);
  while (true) {
    if (!at->is_object()) {
      throw std::runtime_error("--set " + set + ": what is above '" + path + "' is no map");
    }
    const std::size_t dot = path.find('.');
    at = &(*at)[path.substr(0, dot)];
    if (dot == std::string::npos) break;
    if (at->is_null()) *at = json::object();
    path.erase(0, dot + 1);
  }
  json value = json::parse(set.substr(equals + 1), nullptr, false);
  *at = value.is_discarded() ? json(set.substr(equals + 1)) : std::move(value);
}

// The numbers that the policy's cases got, by what they are about: the same case has the same
// number in a replay, so that the decision of it finds it.
class CaseNumbers {
 public:
  CaseNumbers(const BridgeConfig& config, const std::string& policy) {
    Query query;
    query.set("all", "1");
    while (true) {
      const json page = answer(config, "/v1/cases", query);
      const json& cases = part_of(page, "cases");
      if (cases.empty()) break;
      for (const json& one : cases) {
        if (text_of(one, "policy") != policy) continue;
        numbers_[key(text_of(one, "kind"), text_of(one, "subject"),
                     static_cast<std::int64_t>(number_of(one, "opened_ms")))]
            .insert(static_cast<std::int64_t>(count_of(one, "number")));
      }
      query.set("before", std::to_string(count_of(cases.back(), "number")));
    }
  }

  std::int64_t take(std::string_view kind, std::string_view subject, std::int64_t opened_ms) {
    const auto found = numbers_.find(key(kind, subject, opened_ms));
    if (found == numbers_.end() || found->second.empty()) return own_++;
    const std::int64_t number = *found->second.begin();
    found->second.erase(found->second.begin());
    return number;
  }

 private:
  static std::string key(std::string_view kind, std::string_view subject, std::int64_t opened_ms) {
    return std::string(kind).append("\n").append(subject).append("\n").append(
        std::to_string(opened_ms));
  }

  std::map<std::string, std::set<std::int64_t>> numbers_;
  std::int64_t own_ = own_cases_from;
};

std::string shown(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// One of a few, such as "REFUSE": not a number, and no name with one in it.
bool is_word(const json& value) {
  if (value.is_null() || value.is_boolean()) return true;
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What is different, in so few words that many differences have the same.
std::string difference(const std::string& was, const std::string& would_be) {
  if (was == would_be) return "what it sends";
  const json before = was.empty() ? json::object() : json::parse(was, nullptr, false);
  const json after = would_be.empty() ? json::object() : json::parse(would_be, nullptr, false);
  json both = before;
  both.update(after);
  std::string text;
  for (const auto& [name, value] : both.items()) {
    const json from = before.value(name, json()), to = after.value(name, json());
    if (from == to) continue;
    if (!text.empty()) text += ", ";
    text += is_word(from) && is_word(to) ? name + ": " + shown(from) + " -> " + shown(to) : name;
  }
  return text;
}

json parsed(const std::string& text) {
  return text.empty() ? json() : json::parse(text, nullptr, false);
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

// Counts how the two come out.
class Comparison {
 public:
  explicit Comparison(std::size_t listed) : listed_(listed) {}

  void present(const PastInputs::One& one, const std::optional<Redecision>& made) {
    if (made && made->failure.empty() && made->verdict == one.verdict) {
      ++reproduced_;
    } else if (otherwise_++ == 0) {
      first_otherwise_ = place(one);
    }
  }

  void other(const PastInputs::One& one, const std::optional<Redecision>& was,
             const std::optional<Redecision>& would_be) {
    if (!would_be) {
      if (was) ++not_asked_for_;
      return;
    }
    const std::string before = was ? was->verdict : one.verdict;
    if (!would_be->failure.empty()) {
      ++failed_;
      return note(one, "it would fail: " + would_be->failure, before, *would_be);
    }
    if (was && was->verdict == would_be->verdict && was->emitted == would_be->emitted) {
      ++same_;
      return;
    }
    ++different_;
    note(one, difference(before, would_be->verdict), before, *would_be);
  }

  json present_answer() const {
    return {{"reproduced", reproduced_},
            {"otherwise", otherwise_},
            {"first_otherwise", first_otherwise_}};
  }

  json other_answer(const Side& was, const Side& would_be) const {
    std::vector<json> changes;
    for (const auto& [what, change] : changes_) {
      json one = change.first;
      one["what"] = what;
      one["count"] = change.count;
      changes.push_back(std::move(one));
    }
    std::stable_sort(changes.begin(), changes.end(),
                     [](const json& a, const json& b) { return a["count"] > b["count"]; });
    return {{"same", same_},
            {"different", different_},
            {"failed", failed_},
            {"cases_more",
             static_cast<std::int64_t>(would_be.cases) - static_cast<std::int64_t>(was.cases)},
            {"not_asked_for", not_asked_for_},
            {"own_wakes", would_be.own_wakes},
            {"changes", changes},
            {"differences", differences_}};
  }

 private:
  struct Change {
    std::uint64_t count = 0;
    json first;
  };

  static json place(const PastInputs::One& one) {
    return {{"direction", to_string(one.input.direction)}, {"number", one.input.number}};
  }

  void note(const PastInputs::One& one, std::string what, const std::string& was,
            const Redecision& would_be) {
    if (!changes_.contains(what) && changes_.size() >= changes_max) what = "others";
    Change& change = changes_[what];
    if (change.count++ == 0) change.first = place(one);
    if (differences_.size() >= listed_) return;
    json entry = place(one);
    entry.update({{"topic", one.topic},
                  {"wall_ms", one.input.wall_ms},
                  {"what", what},
                  {"was", parsed(was)},
                  {"would_be", parsed(would_be.verdict)}});
    differences_.push_back(std::move(entry));
  }

  std::size_t listed_;
  std::uint64_t reproduced_ = 0, otherwise_ = 0, same_ = 0, different_ = 0, failed_ = 0;
  std::uint64_t not_asked_for_ = 0;
  json first_otherwise_;
  std::map<std::string, Change> changes_;
  json differences_ = json::array();
};

// The policy as it would be, in its configuration.
std::pair<BridgeConfig, PolicySettings> other_settings(const BridgeConfig& config,
                                                       const ReplayRequest& request) {
  BridgeConfig other = request.with.empty() ? config : load_config(request.with);
  other.id = config.id;  // it is this bridge's past
  PolicySettings policy = policy_in(other, request.policy);
  json options = json::parse(policy.options);
  for (const std::string& set : request.sets) set_option(options, set);
  policy.options = options.dump();
  return {std::move(other), std::move(policy)};
}

}  // namespace

json replay(const BridgeConfig& config, const ReplayRequest& request,
            const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const PolicySettings& policy = policy_in(config, request.policy);
  const auto [other_config, other_policy] = other_settings(config, request);
  const bool compare = !request.with.empty() || !request.sets.empty();

  PastInputs inputs(config, request.policy);
  const CaseNumbers numbers(config, request.policy);
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
    if (one->quarantined) {
      ++quarantined;
      continue;
    }
    const auto was = present.decide(*one, inputs);
    comparison.present(*one, was);
    if (other) comparison.other(*one, was, other->decide(*one, inputs));
  }
  return {{"policy", request.policy},
          {"inputs", done},
          {"from_ms", from_ms},
          {"to_ms", to_ms},
          {"from_the_start", inputs.from_the_start()},
          {"present", comparison.present_answer()},
          {"other", other ? comparison.other_answer(present, *other) : json()},
          {"quarantined", quarantined}};
}

}  // namespace bascule
