#include "policy/host.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "policy/plugin.hpp"

namespace bascule {
namespace {

// A turn: what is delivered meanwhile waits so long for its commit.
constexpr std::int64_t turn_ms = 10;
constexpr int steps_per_turn = 1'024;
constexpr std::uint64_t bytes_per_turn = 2 << 20;

[[noreturn]] void end_process(const std::string& what) {
  spdlog::critical("{}: ending the process; it is tried {} times in all", what, attempts_max);
  spdlog::default_logger()->flush();
  std::abort();
}

}  // namespace

std::unique_ptr<Instance> make_instance(const PolicyHostSettings& host,
                                        const PolicySettings& policy) {
  try {
    std::vector<OptionProblem> problems;
    const auto& type = load_plugin(policy.plugin, plugin_directories(host.plugin_dir));
    auto instance = Instance::make(type, policy, host.bridge_id, problems);
    if (instance != nullptr) return instance;
    throw PluginError(problems.front().path(policy.options) + ' ' + problems.front().text);
  } catch (const PluginError& e) {
    throw std::runtime_error("policy " + policy.name + ": " + e.what());
  }
}

StepContext step_context(const PolicyHostSettings& host, const PolicySettings& policy) {
  StepContext context;
  context.name = policy.name;
  context.lane = policy.lane;
  context.cases = policy.cases;
  context.bridge_id = host.bridge_id;
  context.events_topic = host.events_topic;
  context.hub = host.hub;
  context.events = host.hub ? Direction::down : Direction::up;
  context.max_payload_bytes = host.max_payload_bytes;
  return context;
}

PolicyHost::PolicyHost(PolicyHostSettings settings)
    : settings_(std::move(settings)), watchdog_(end_process) {
  for (const PolicySettings& policy : settings_.policies) {
    runners_.push_back(std::make_unique<Runner>(policy, make_instance(settings_, policy),
                                                step_context(settings_, policy),
                                                settings_.retry_after_ms));
  }
}

std::vector<LaneSettings> PolicyHost::input_lanes(const std::vector<PolicySettings>& policies) {
  std::vector<LaneSettings> lanes;
  for (const PolicySettings& policy : policies) {
    LaneSettings lane;
    lane.name = input_lane(policy.name);
    lanes.push_back(std::move(lane));
  }
  return lanes;
}

void PolicyHost::central(Journal& journal, bool up) {
  if (runners_.empty()) return;
  journal.tell([this, up] { central_ = up; });
}

void PolicyHost::opened(JournalCore& core, bool again) {
  core_ = &core;
  for (const auto& runner : runners_) runner->opened(core, again);
  if (again) return;
  for (const LaneState& lane : core.lanes()) {
    const bool ours = std::any_of(runners_.begin(), runners_.end(), [&](const auto& runner) {
      return lane.name == input_lane(runner->settings().name);
    });
    if (lane.input && !ours && lane.backlog() > 0) {
      spdlog::warn("{} messages {} wait in lane {}, but there is no such policy any more",
                   lane.backlog(), to_string(lane.direction), lane.name);
    }
  }
}

void PolicyHost::prepare(JournalCore& core) {
  if (central_) {
    const bool up = *central_;
    bool told = true;
    if (core.store().meta().central_up() != up) {
      core.note_central(up);
      for (const auto& runner : runners_) told = runner->tell_line(core, up) && told;
      if (told) core.change().meta().save_central_up(up);
    }
    if (told) central_.reset();
  }
  const Now at = settings_.clock();
  for (const auto& runner : runners_) runner->prepare(core, at);
}

void PolicyHost::work(JournalCore& core) {
  const std::int64_t begin_ms = boottime_ms();
  std::size_t idle = 0;
  for (int steps = 0; steps < steps_per_turn && idle < runners_.size(); ++turn_) {
    const std::int64_t now_ms = settings_.clock().boottime_ms;
    if (runners_[turn_ % runners_.size()]->step(core, watchdog_, now_ms)) {
      idle = 0;
      ++steps;
    } else {
      ++idle;
    }
    if (boottime_ms() - begin_ms >= turn_ms || core.uncommitted_bytes() >= bytes_per_turn) return;
  }
}

void PolicyHost::closing(JournalCore& core) {
  for (const auto& runner : runners_) runner->closing(core);
}

std::int64_t PolicyHost::wait_ms() const {
  std::int64_t wait = 500;
  const Now at = settings_.clock();
  for (const auto& runner : runners_) wait = std::min(wait, runner->wait_ms(*core_, at));
  return wait;
}

void PolicyHost::resolve(JournalCore& core, std::int64_t number, const CaseChoice& choice) {
  const auto found = core.store().policies().find_case(number);
  if (!found) {
    throw std::invalid_argument("there is no case " + std::to_string(number) +
                                "; 'bascule cases list' names those that are open");
  }
  const auto runner = std::find_if(runners_.begin(), runners_.end(),
                                   [&](const auto& one) { return one->id() == found->policy; });
  if (runner == runners_.end()) {
    throw std::invalid_argument("the policy of case " + std::to_string(number) +
                                " is not in the configuration any more");
  }
  if (!(*runner)->desk().decide(core, number, choice, settings_.clock().wall_ms)) {
    throw std::invalid_argument("the journal is full; try again when there is room");
  }
}

Runner& PolicyHost::runner_of(const std::string& policy) {
  const auto found = std::find_if(runners_.begin(), runners_.end(), [&](const auto& runner) {
    return runner->settings().name == policy;
  });
  if (found != runners_.end()) return **found;
  throw std::invalid_argument("there is no policy '" + policy +
                              "'; 'bascule policy list' names those that there are");
}

nlohmann::json PolicyHost::ask(JournalCore& core, const std::string& policy,
                               const std::string& what, const std::string& about) {
  return runner_of(policy).ask(core, watchdog_, settings_.clock().wall_ms, what, about);
}

std::uint64_t PolicyHost::request(JournalCore& core, const std::string& policy,
                                  const std::string& what, const std::string& about) {
  return runner_of(policy).request(core, watchdog_, settings_.clock().wall_ms, what, about);
}

std::vector<PolicyReport> PolicyHost::report(JournalCore& core) const {
  std::vector<PolicyReport> reports;
  for (const auto& runner : runners_) {
    const std::string lane = input_lane(runner->settings().name);
    PolicyReport report;
    report.name = runner->settings().name;
    report.type = runner->type().type;
    report.version = runner->type().version;
    report.up = core.lanes().at(core.lane(Direction::up, lane) - 1U);
    report.down = core.lanes().at(core.lane(Direction::down, lane) - 1U);
    report.failed = runner->failures();
    report.cases = core.store().policies().open_cases(runner->id());
    report.waits_for = runner->waits_for(core);
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace bascule
