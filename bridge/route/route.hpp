// The routing table: which messages cross, under which topic, through which lane.
//
// A RouteTable is compiled once from the rules of one direction and never changes; any thread may
// ask it. The first rule that matches, in file order, wins; a message that an exclude of that rule
// matches is left to the rules after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/direction.hpp"
#include "message/filter_tree.hpp"
#include "message/message.hpp"
#include "route/pattern.hpp"
#include "text/words.hpp"

namespace bascule {

enum class RetainRule : std::uint8_t { keep, clear, set };
inline constexpr Word<RetainRule> retain_words[] = {
    {"keep", RetainRule::keep}, {"clear", RetainRule::clear}, {"set", RetainRule::set}};

// One `routes:` entry. `from` is a pattern and `to` a template over its captures (pattern.hpp).
struct Route {
  std::string name;
  Direction direction = Direction::up;
  std::string from;
  std::vector<std::string> exclude;  // filters or patterns; captures in them are not kept
  std::string to;
  std::optional<Qos> qos;           // at most this; nothing: as published
  Qos qos_min = Qos::at_most_once;  // at least this
  RetainRule retain = RetainRule::keep;
  std::string lane = "default";
  std::string policy;  // empty: none
  // One of the two that `direction: both` stands for. What this one publishes is a topic of the
  // other; that it does not come back is for the links and the stamp to see to.
  bool both = false;

  bool operator==(const Route&) const = default;
};

struct RouteMatch {
  std::size_t route = 0;  // index into the rules that the table was compiled from
  std::string topic;      // where it goes
  // Its route names a topic under $ as the target; else one that a capture leads there is not
  // meant.
  bool names_system = false;
};

class RouteTable {
 public:
  // Compiles the rules of `direction`; others are skipped, indexes stay those of `rules`. Throws
  // std::invalid_argument with one clear sentence for a bad pattern or template.
  RouteTable(const std::vector<Route>& rules, Direction direction, std::string_view bridge_id);
  ~RouteTable();
  RouteTable(RouteTable&&) noexcept;
  RouteTable& operator=(RouteTable&&) noexcept;

  // Whether a rule takes `topic`; `out` then says which, and where it goes. The target may be no
  // valid topic (over 65,535 bytes, or nothing left of an empty remainder); the caller checks. What
  // it costs does not grow with the rules.
  // `out` is reused, so that a caller who keeps it allocates nothing per message; `topic` must not
  // point into it.
  bool match(std::string_view topic, RouteMatch& out) const;

  // The filters of the rules, each once. They may overlap: joined to common ones they would bring
  // what no rule wants, and a broker may allow them where it does not allow what covers both.
  const std::vector<std::string>& subscriptions() const;

  // The QoS to subscribe at: the highest that a rule lets through which one of them serves, but
  // never 0, for what is not in the journal yet could be lost. So a message comes as published
  // unless its route wants less.
  Qos qos_of(const std::string& subscription) const;

 private:
  struct Compiled;
  std::vector<Compiled> rules_;
  FilterTree filters_;  // by place in rules_
  std::vector<std::string> subscriptions_;
};

}  // namespace bascule
