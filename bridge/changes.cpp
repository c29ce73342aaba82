#include "changes.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "config/stages.hpp"
#include "message/filter_tree.hpp"
#include "route/pattern.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

std::vector<RuleRow> rules_of(const JournalCore& core, const BridgeConfig& config) {
  std::vector<RuleRow> rules;
  for (const Route& route : config.routes) {
    RuleRow rule;
    rule.direction = route.direction;
    rule.filter = to_filter(route.from, config.id);
    rule.text = route.from;
    for (const std::string& exclude : route.exclude) rule.text += '\n' + exclude;
    rule.lane =
        core.lane(route.direction, route.policy.empty() ? route.lane : input_lane(route.policy));
    rules.push_back(std::move(rule));
  }
  return rules;
}

// By place in one list: the place of the same rule in the other.
class Partners {
 public:
  explicit Partners(const std::vector<RuleRow>& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) places_.try_emplace(key(rules[i]), i);
  }
  std::optional<std::size_t> of(const RuleRow& rule) const {
    const auto found = places_.find(key(rule));
    return found == places_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  using Key = std::pair<std::pair<Direction, LaneId>, std::string>;
  static Key key(const RuleRow& rule) { return {{rule.direction, rule.lane}, rule.text}; }
  std::map<Key, std::size_t> places_;
};

// The lanes between which a topic may have moved: present and former. A topic moves from a rule to
// another that overlaps with it; but not where both were there before and are there now, in the
// same order: the first of two that match has it then, before and now.
std::set<std::pair<LaneId, LaneId>> moves(const std::vector<RuleRow>& before,
                                          const std::vector<RuleRow>& now) {
  std::set<std::pair<LaneId, LaneId>> moves;
  FilterTree filters;
  for (std::size_t i = 0; i < before.size(); ++i) {
    filters.add(before[i].filter, static_cast<std::uint32_t>(i));
  }
  const Partners then(before), present(now);
  FilterTree::Numbers found;
  for (std::size_t j = 0; j < now.size(); ++j) {
    const auto former = then.of(now[j]);
    filters.overlapping(now[j].filter, found);
    for (const std::uint32_t i : found) {
      if (before[i].direction != now[j].direction || before[i].lane == now[j].lane) continue;
      const auto stays = present.of(before[i]);
      if (former && stays && (i > *former || *stays < j)) continue;
      moves.emplace(now[j].lane, before[i].lane);
    }
  }
  return moves;
}

void keep_order(JournalCore& core, const BridgeConfig& config) {
  const std::vector<RuleRow> before = core.store().configuration().rules();
  const std::vector<RuleRow> now = rules_of(core, config);
  if (before == now) return;
  for (const auto& [lane, former] : moves(before, now)) {
    const LaneState& waits = core.lanes().at(lane - 1U);
    const LaneState& goes = core.lanes().at(former - 1U);
    if (waits.input || goes.input || goes.in_order() == 0) continue;
    core.put_behind(lane, former);
    spdlog::warn(
        "lane {} {}: a route has it that had lane {}; what comes now waits until what waits there "
        "has crossed ({}), so that the order of each topic stays",
        waits.name, to_string(waits.direction), goes.name, goes.in_order());
  }
  core.change().configuration().save(now);
}

void refuse(const JournalCore& core, const std::vector<Discard>& plan) {
  std::string what;
  for (const Discard& discard : plan) {
    what += (what.empty() ? "" : "; ") + to_string(discard, core.lanes().at(discard.lane - 1U));
  }
  throw JournalError(
      "limits of the file are tighter than those of before, and messages would be lost: " + what +
      ". Set them back, or let the messages cross first, or start once with 'bascule run "
      "--accept-losses'");
}

void take_limits(JournalCore& core, const BridgeConfig& config, bool accept_losses) {
  check_limits(core, config, accept_losses);
  const LimitsOfFile limits = changed_file(config).limits;
  const std::vector<Discard> plan = core.plan_limits(limits);
  for (const Discard& discard : plan) {
    spdlog::warn("{}, as --accept-losses says: 'bascule journal losses' has them",
                 to_string(discard, core.lanes().at(discard.lane - 1U)));
  }
  core.apply_limits(plan, limits);
}

void tell_of_former_lanes(const JournalCore& core) {
  for (const LaneState& lane : core.lanes()) {
    if (!lane.former || lane.input || lane.backlog() == 0) continue;
    spdlog::warn(
        "lane {} {} is not in the file any more; what waits in it ({}) goes with the settings that "
        "it had",
        lane.name, to_string(lane.direction), lane.backlog());
  }
}

}  // namespace

ChangedFile changed_file(const BridgeConfig& config) {
  ChangedFile file;
  file.limits = {config.journal.max_size_bytes, config.journal.when_full, all_lanes(config)};
  for (const PolicyConfig& policy : config.policies) file.policies.push_back(policy.name);
  file.hub = config.hub;
  return file;
}

void check_limits(JournalCore& core, const BridgeConfig& config, bool accept_losses) {
  if (accept_losses) return;
  const std::vector<Discard> plan = core.plan_limits(changed_file(config).limits);
  if (!plan.empty()) refuse(core, plan);
}

std::vector<Orphan> orphans(const JournalReport& report, const ChangedFile& file) {
  std::vector<Orphan> orphans;
  for (const LaneReport& lane : report.lanes) {
    const LaneState& state = lane.state;
    if (state.backlog() == 0 || state.name == events_lane) continue;
    Orphan orphan{state.name, state.direction, {}, state.backlog(), lane.oldest_age_ms};
    if (state.input) {
      orphan.policy = state.name.substr(input_lane_prefix.size());
      if (std::ranges::find(file.policies, orphan.policy) != file.policies.end()) continue;
    } else if (!file.hub || state.direction != Direction::up) {
      continue;
    }
    orphans.push_back(std::move(orphan));
  }
  return orphans;
}

std::string to_string(const Orphan& orphan) {
  const bool central = orphan.policy.empty();
  const std::string name = central ? orphan.lane : orphan.policy;
  return std::to_string(orphan.messages) +
         (orphan.messages == 1 ? " message waits " : " messages wait ") +
         (central ? "in lane " + name + " for central, which the file does not have"
                  : "for the policy " + name + ", which the file does not name any more") +
         "; put it back, or take them out with 'bascule journal quarantine add " +
         (central ? "--lane " + name + " --all'" : "--policy " + name + "'");
}

void enter_configuration(JournalCore& core, const BridgeConfig& config, bool accept_losses) {
  // Without room for a commit nothing can be remembered: the next start compares again.
  if (core.starved()) return;
  take_limits(core, config, accept_losses);
  keep_order(core, config);
  core.commit();
  tell_of_former_lanes(core);
  for (const Orphan& orphan : orphans(core.report(), changed_file(config))) {
    spdlog::warn("{}; the oldest came {} ago", to_string(orphan),
                 duration_text(std::chrono::milliseconds(orphan.oldest_age_ms / 1'000 * 1'000)));
  }
}

}  // namespace bascule
