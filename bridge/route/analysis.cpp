#include "route/analysis.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "message/filter_tree.hpp"
#include "message/per_direction.hpp"
#include "message/topic.hpp"
#include "text/wording.hpp"

namespace bascule {
namespace {

// A rule, and the topics that it reaches.
struct Reach {
  Reach(const Route& route, std::string_view bridge_id)
      : rule(route), from(to_filter(rule.from, bridge_id)), target(rule.to, rule.from, bridge_id) {
    for (const auto& exclude : rule.exclude) excludes.push_back(to_filter(exclude, bridge_id));
  }

  // Whether one exclude keeps all of these topics out.
  bool keeps_out(const std::string& topics) const {
    return std::any_of(excludes.begin(), excludes.end(),
                       [&](const auto& exclude) { return covers(exclude, topics); });
  }

  const Route& rule;
  std::string from;
  std::vector<std::string> excludes;
  Template target;
};

// Whether `earlier`, of the same direction, takes every topic that `later` would take.
bool shadows(const Reach& earlier, const Reach& later) {
  if (!covers(earlier.from, later.from)) return false;
  return std::none_of(earlier.excludes.begin(), earlier.excludes.end(), [&](const auto& exclude) {
    const auto left_over = meet(exclude, later.from);
    return !left_over.empty() && !later.keeps_out(left_over);
  });
}

// The topics under which `sender` may publish what `receiver` takes, as a filter; empty if none.
std::string handed_over(const Reach& sender, const Reach& receiver) {
  const auto topics = meet(sender.target.filter(), receiver.from);
  if (topics.empty() || receiver.keeps_out(topics)) return {};
  if (sender.target.same_topic() && sender.keeps_out(topics)) return {};
  return topics;
}

std::string shadow_text(const Reach& earlier, const Reach& later) {
  const auto taker = single_quoted(earlier.rule.name);
  const auto idle = single_quoted(later.rule.name);
  return "route " + idle + " never takes a message: the earlier route " + taker + " takes all of " +
         single_quoted(later.rule.from) + "; move " + idle + " before " + taker +
         ", or add an exclude to " + taker;
}

// What ends the loop: an exclude on a side where it leaves the route something to do.
std::string remedy(const Reach& up, const std::string& to_up, const Reach& down,
                   const std::string& to_down) {
  const auto exclude = [](const Reach& reach, const std::string& topics) {
    return "add an exclude " + single_quoted(topics) + " to " + single_quoted(reach.rule.name);
  };
  if (!covers(to_up, up.from)) return exclude(up, to_up);
  if (!covers(to_down, down.from)) return exclude(down, to_down);
  return "give one of them a narrower 'from' or another 'to'";
}

// The sentence about a loop between the two; empty if there is none.
std::string loop_text(const Reach& up, const Reach& down) {
  const auto to_down = handed_over(up, down);
  const auto to_up = handed_over(down, up);
  if (to_down.empty() || to_up.empty()) return {};
  return "routes " + single_quoted(up.rule.name) + " and " + single_quoted(down.rule.name) +
         " send messages round in circles, over " + single_quoted(to_down) + " at the centre and " +
         single_quoted(to_up) + " at the site; " + remedy(up, to_up, down, to_down);
}

}  // namespace

std::vector<RouteFinding> analyse(const std::vector<Route>& rules, std::string_view bridge_id,
                                  std::size_t* compared) {
  std::vector<Reach> reaches;
  reaches.reserve(rules.size());
  std::vector<RouteFinding> findings;
  PerDirection<FilterTree> taken;  // by the rules so far
  FilterTree::Numbers meeting, receiving;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Reach& later = reaches.emplace_back(rules[i], bridge_id);
    // Others neither take what this one takes, nor what it sends.
    taken[later.rule.direction].overlapping(later.from, meeting);
    taken[opposite(later.rule.direction)].overlapping(later.target.filter(), receiving);
    taken[later.rule.direction].add(later.from, static_cast<std::uint32_t>(i));
    FilterTree::Numbers candidates;
    std::ranges::merge(meeting, receiving, std::back_inserter(candidates));
    if (compared != nullptr) *compared += candidates.size();
    bool shadowed = false;
    for (const std::uint32_t k : candidates) {
      const Reach& earlier = reaches[k];
      if (earlier.rule.direction != later.rule.direction) {
        const bool up = later.rule.direction == Direction::up;
        if (later.rule.both && earlier.rule.both && later.rule.name == earlier.rule.name) continue;
        auto text = up ? loop_text(later, earlier) : loop_text(earlier, later);
        if (!text.empty()) findings.push_back({RouteFinding::Kind::loop, i, k, std::move(text)});
      } else if (!shadowed && shadows(earlier, later)) {
        shadowed = true;
        findings.push_back({RouteFinding::Kind::shadowed, i, k, shadow_text(earlier, later)});
      }
    }
  }
  return findings;
}

}  // namespace bascule
