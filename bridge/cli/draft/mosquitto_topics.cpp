#include "cli/draft/mosquitto_topics.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "message/topic.hpp"
#include "route/analysis.hpp"
#include "route/pattern.hpp"

namespace bascule {
namespace {

// topic PATTERN [[[out|in|both] QOS] LOCAL_PREFIX REMOTE_PREFIX]; "" is an empty one.
struct Topic {
  std::string pattern, direction = "out", qos = "0", local, remote;
  std::string wrong;  // empty: nothing
};

Topic read_topic(const std::string& value) {
  Topic topic;
  std::istringstream words(value);
  words >> topic.pattern >> topic.direction >> topic.qos >> topic.local >> topic.remote;
  for (std::string* part : {&topic.pattern, &topic.local, &topic.remote}) {
    if (*part == "\"\"") part->clear();
  }
  std::string more;
  if (topic.direction != "out" && topic.direction != "in" && topic.direction != "both") {
    topic.wrong = "the direction has to be out, in or both";
  } else if (topic.qos != "0" && topic.qos != "1" && topic.qos != "2") {
    topic.wrong = "the QoS has to be 0, 1 or 2";
  } else if (topic.pattern.empty() && (topic.local.empty() || topic.remote.empty())) {
    topic.wrong = "an empty topic needs both prefixes";
  } else if (words >> more) {
    topic.wrong = "there is a word too many";
  }
  return topic;
}

// + and # of a pattern as names, by which the other side's topic can have them.
std::string with_names(const std::string& pattern) {
  std::string text;
  int levels = 0;
  for (const char c : pattern) {
    if (c == '+') {
      text += "{level" + std::to_string(++levels) + '}';
    } else {
      text += c == '#' ? std::string("{rest...}") : std::string(1, c);
    }
  }
  return text;
}

// Letters and digits of a topic.
std::string name_of(const std::string& topic) {
  std::string name;
  for (const char c : topic.substr(0, 50)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "everything" : name;
}

std::string direction_of(const std::string& direction) {
  return direction == "both" ? direction : direction == "in" ? "down" : "up";
}

class Routes {
 public:
  Routes(const std::string& bridge_id, bool retained_up, std::vector<std::string>& notes)
      : bridge_id_(bridge_id), retained_up_(retained_up), notes_(notes) {}

  void add(const MosquittoOption& option);
  std::vector<DraftRoute> untangled();

 private:
  bool joins(const Topic& topic);
  void check(std::size_t index);
  void leave_out(std::size_t index, const std::string& why);
  void note(std::size_t index, const std::string& text);
  std::vector<Route> compiled(std::vector<std::size_t>& index_of) const;
  void resolve_shadow(std::size_t later, std::size_t earlier, Direction direction);
  void resolve_loop(std::size_t up, std::size_t down);
  bool exclude(std::size_t wide, const std::string& filter, std::size_t narrow);

  const std::string& bridge_id_;
  const bool retained_up_;
  std::vector<std::string>& notes_;
  std::vector<DraftRoute> routes_;
  std::vector<std::pair<MosquittoOption, Topic>> lines_;  // by route
  std::set<std::pair<std::size_t, std::string>> excluded_;
};

void Routes::note(std::size_t index, const std::string& text) {
  notes_.push_back(lines_[index].first.place() + ": topic " + lines_[index].first.value + ": " +
                   text);
}

void Routes::leave_out(std::size_t index, const std::string& why) {
  routes_[index].left_out = why;
  note(index, "left out: " + why);
}

// Whether an earlier line is the other direction of the same topic; then that one goes both ways.
bool Routes::joins(const Topic& topic) {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    Topic& earlier = lines_[i].second;
    const bool same = earlier.pattern == topic.pattern && earlier.local == topic.local &&
                      earlier.remote == topic.remote;
    DraftRoute& route = routes_[i];
    if (!same || earlier.direction == topic.direction || !route.left_out.empty()) continue;
    if (route.direction == "down" && !route.to.empty()) std::swap(route.from, route.to);
    earlier.direction = route.direction = "both";  // `from` is at the site
    if (earlier.qos == topic.qos) return true;
    earlier.qos = std::max(earlier.qos, topic.qos);
    route.qos = earlier.qos == "2" ? "" : earlier.qos;
    note(i, "it has another QoS in the other direction: the higher one is taken for both");
    return true;
  }
  return false;
}

void Routes::check(std::size_t index) {
  const DraftRoute& route = routes_[index];
  std::string wrong = lines_[index].second.wrong;
  if (wrong.empty()) wrong = pattern_error(route.from);
  if (wrong.empty() && !route.to.empty()) wrong = template_error(route.to, route.from);
  if (!wrong.empty()) leave_out(index, wrong + "; write the route by hand");
}

void Routes::add(const MosquittoOption& option) {
  const Topic topic = read_topic(option.value);
  if (topic.wrong.empty() && joins(topic)) return;
  const bool same = topic.local == topic.remote;
  const std::string pattern = same ? topic.pattern : with_names(topic.pattern);
  DraftRoute route;
  route.direction = direction_of(topic.direction);
  route.from = topic.local + pattern;
  if (!same) route.to = topic.remote + pattern;
  route.name = name_of(topic.local + topic.pattern);
  const auto taken = [&](const std::string& name) {
    return std::ranges::any_of(routes_, [&](const auto& one) { return one.name == name; });
  };
  for (int n = 2; taken(route.name); ++n) {
    route.name = name_of(topic.local + topic.pattern) + '-' + std::to_string(n);
  }
  if (topic.direction == "in" && !same) std::swap(route.from, route.to);
  if (topic.qos != "2") route.qos = topic.qos;
  routes_.push_back(std::move(route));
  lines_.emplace_back(option, topic);
  check(routes_.size() - 1);
}

// Those that are not left out, as the configuration has them; `index_of` says which draft each is.
std::vector<Route> Routes::compiled(std::vector<std::size_t>& index_of) const {
  std::vector<Route> compiled;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const DraftRoute& draft = routes_[i];
    if (!draft.left_out.empty()) continue;
    Route route;
    route.name = draft.name;
    route.from = draft.from;
    route.to = draft.to;
    route.exclude = draft.exclude;
    route.direction = draft.direction == "down" ? Direction::down : Direction::up;
    route.both = draft.direction == "both";
    compiled.push_back(route);
    index_of.push_back(i);
    if (!route.both) continue;
    route.direction = Direction::down;
    if (!route.to.empty()) std::swap(route.from, route.to);
    compiled.push_back(route);
    index_of.push_back(i);
  }
  return compiled;
}

// mosquitto, too, takes the first line that matches.
void Routes::resolve_shadow(std::size_t later, std::size_t earlier, Direction direction) {
  DraftRoute& route = routes_[later];
  if (route.direction != "both") {
    return leave_out(later,
                     "the topic line " + lines_[earlier].first.place() + " takes all of it before");
  }
  route.direction = direction == Direction::up ? "down" : "up";
  if (route.direction == "down" && !route.to.empty()) std::swap(route.from, route.to);
  note(later, "goes " + route.direction + " only: the other way the topic line " +
                  lines_[earlier].first.place() + " takes all of it before");
}

bool Routes::exclude(std::size_t wide, const std::string& filter, std::size_t narrow) {
  DraftRoute& route = routes_[wide];
  if (route.direction == "both" && !route.to.empty()) return false;
  const std::string source = to_filter(route.from, bridge_id_);
  if (covers(filter, source) || !excluded_.emplace(wide, filter).second) return false;
  route.exclude.push_back(filter);
  note(wide, "without " + filter + ", which the line " + lines_[narrow].first.place() +
                 " brings the other way: else a message would go round for ever. If it shall go "
                 "both ways, give that topic a route of its own with direction: both");
  return true;
}

void Routes::resolve_loop(std::size_t up, std::size_t down) {
  const DraftRoute& a = routes_[up];
  const DraftRoute& b = routes_[down];
  const auto source = [&](const DraftRoute& route, bool from_site) {
    const bool turned = route.direction == "both" && !from_site && !route.to.empty();
    return to_filter(turned ? route.to : route.from, bridge_id_);
  };
  const auto target = [&](const DraftRoute& route, bool to_site) {
    const bool turned = route.direction == "both" && to_site && !route.to.empty();
    const auto& to = turned ? route.from : route.to;
    return to.empty() ? to_filter(route.from, bridge_id_)
                      : Template(to, turned ? route.to : route.from, bridge_id_).filter();
  };
  const std::string at_site = target(b, true), at_central = target(a, false);
  if (covers(source(a, true), at_site) && exclude(up, at_site, down)) return;
  if (covers(source(b, false), at_central) && exclude(down, at_central, up)) return;
  const std::size_t later = std::max(up, down);
  leave_out(later, "with the topic line " + lines_[std::min(up, down)].first.place() +
                       " it would send a message round for ever; give it other topics");
}

std::vector<DraftRoute> Routes::untangled() {
  for (;;) {
    std::vector<std::size_t> index_of;
    const std::vector<Route> rules = compiled(index_of);
    const auto findings = analyse(rules, bridge_id_);
    if (findings.empty()) break;
    const auto shadow = std::ranges::find(findings, RouteFinding::Kind::shadowed,
                                          [](const RouteFinding& one) { return one.kind; });
    const RouteFinding& finding = shadow != findings.end() ? *shadow : findings.front();
    const std::size_t route = index_of[finding.route], other = index_of[finding.other];
    const Direction direction = rules[finding.route].direction;
    if (finding.kind == RouteFinding::Kind::shadowed) {
      resolve_shadow(route, other, direction);
    } else if (direction == Direction::up) {
      resolve_loop(route, other);
    } else {
      resolve_loop(other, route);
    }
  }
  std::string at_qos_0;
  for (DraftRoute& route : routes_) {
    if (!retained_up_ && route.direction == "up") route.retain = "clear";
    if (!retained_up_ && route.direction == "both") {
      notes_.push_back("bridge_outgoing_retain false: the route '" + route.name +
                       "' goes both ways, and keeps the retain flag; write two routes with other "
                       "topics, the one up with retain: clear");
    }
    if (route.left_out.empty() && route.qos == "0") at_qos_0 += " " + route.name;
  }
  if (!at_qos_0.empty()) {
    notes_.push_back(
        "topics at QoS 0, as mosquitto has it without another number, cross without "
        "an acknowledgement, and a line that breaks may swallow them: take 'qos: 0' "
        "away, so that they cross as they are published (routes:" +
        at_qos_0 + ')');
  }
  return std::move(routes_);
}

}  // namespace

std::vector<DraftRoute> routes_of(const MosquittoBridge& bridge, const std::string& bridge_id,
                                  bool retained_up, std::vector<std::string>& notes) {
  Routes routes(bridge_id, retained_up, notes);
  for (const MosquittoOption& option : bridge.options) {
    if (option.name == "topic") routes.add(option);
  }
  return routes.untangled();
}

}  // namespace bascule
