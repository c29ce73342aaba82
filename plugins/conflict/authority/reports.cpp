#include "conflict/authority/reports.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "conflict/authority/decide/batch.hpp"
#include "conflict/authority/decide/evaluate.hpp"
#include "conflict/authority/turn/sites.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

// An answer that does not come is asked for again; the line's messages are kept, so it is rare.
constexpr std::int64_t ask_again_ms = 3'600'000;

using AwaitedSites = std::map<std::string, Site>;

AwaitedSites awaited(Turn& turn) {
  const auto& named = turn.options.wait_for.empty() ? turn.options.sites : turn.options.wait_for;
  auto sites = Sites(turn.step).counted(named, turn.now_ms);
  if (turn.options.wait_for.empty()) return sites;
  std::erase_if(sites, [&](const auto& site) {
    return std::find(named.begin(), named.end(), site.first) == named.end();
  });
  return sites;
}

// All that was edited there up to this stamp has come.
bool covers(const std::string& name, const Site& site, const Hlc& needed) {
  return site.reported_ms > needed.ms || (site.reported_ms == needed.ms && name == needed.origin);
}

std::vector<std::string> missing(const AwaitedSites& sites, const Hlc& needed) {
  std::vector<std::string> names;
  for (const auto& [name, site] : sites) {
    if (!covers(name, site, needed)) names.push_back(name);
  }
  return names;
}

void ask_site(Turn& turn, const std::string& name, Site site) {
  if (site.asked_ms != 0 && turn.now_ms - site.asked_ms < ask_again_ms) return;
  turn.outbox.ask_to_report(name);
  site.asked_ms = turn.now_ms;
  Sites(turn.step).put(name, site);
}

void close_question(Turn& turn, Gathering& gathering, const std::string& outcome) {
  if (gathering.case_number < 0) return;
  turn.step.close_case(gathering.case_number, Json{{"outcome", outcome}}.dump());
  turn.cases.erase(gathering.case_number);
  gathering.case_number = -1;
}

void decide_now(Turn& turn, const std::string& key, Gathering gathering,
                const std::string& outcome) {
  close_question(turn, gathering, outcome);
  auto ops = turn.gathered.take(key);
  if (turn.options.order == Order::author) {
    std::stable_sort(ops.begin(), ops.end(),
                     [](const Op& a, const Op& b) { return a.hlc < b.hlc; });
  }
  for (auto& op : ops) {
    begin_matching(turn, op);
    evaluate_again(turn, std::move(op));
  }
}

// Decides the records that nobody is waited for any more.
void decide_complete(Turn& turn, const AwaitedSites& sites) {
  auto least = std::numeric_limits<std::int64_t>::max();
  for (const auto& [name, site] : sites) least = std::min(least, site.reported_ms);
  for (const auto& key : turn.gathered.stamped_by(least)) {
    const auto gathering = turn.gathered.find(key);
    if (gathering && missing(sites, gathering->needed).empty()) {
      decide_now(turn, key, *gathering, "all have reported");
    }
  }
}

// The site's edits have come up to this time, which no clock that runs ahead may say.
void note_report(Turn& turn, const std::string& name, std::int64_t until_ms, bool answers) {
  Sites sites(turn.step);
  auto site = sites.site(name).value_or(Site{});
  if (until_ms <= turn.now_ms + turn.options.clock_guard_ms) {
    site.reported_ms = std::max(site.reported_ms, until_ms);
  }
  if (answers) site.asked_ms = 0;
  site.heard_ms = turn.now_ms;
  sites.put(name, site);
}

void plan_late(Turn& turn) { turn.step.wake_at("late", turn.gathered.next_due_ms().value_or(0)); }

void ask_person(Turn& turn, const std::string& key, Gathering gathering,
                const std::vector<std::string>& names) {
  auto ops = Json::array();
  for (const auto& op : turn.gathered.ops(key)) ops.push_back(parse_json(describe(op)));
  const Json data{
      {"record", key}, {"missing", names}, {"waiting", ops}, {"choices", {"decide", "wait"}}};
  gathering.case_number = turn.step.open_case("unreported", key, data.dump());
  turn.cases.put(gathering.case_number, Case{"unreported", key, "", ""});
  turn.gathered.change(key, gathering);
}

}  // namespace

void await_reports(Turn& turn, const Op& op) {
  const bool repeat = turn.state.place(op.id) || turn.state.is_forgotten(op.id);
  if (!op.central) note_report(turn, op.hlc.origin, op.hlc.ms, false);
  if (repeat) {
    evaluate(turn, op);
  } else {
    note_unreconciled(turn, op);
    Gathering fresh;
    fresh.due_ms = turn.now_ms + turn.options.wait_ms_max;
    turn.gathered.add(op, fresh);
    turn.state.put(op.id, Place{Place::At::queued, op.key, 0, 0, op.digest, op.prev});
    turn.outbox.explain({{"op", op.id}, {"verdict", "QUEUED"}});
  }
  const auto sites = awaited(turn);
  decide_complete(turn, sites);
  if (const auto gathering = turn.gathered.find(op.key)) {
    for (const auto& name : missing(sites, gathering->needed)) {
      ask_site(turn, name, sites.at(name));
    }
  }
  plan_late(turn);
}

void answer_report(Turn& turn, const std::string& name, std::int64_t until_ms) {
  note_report(turn, name, until_ms, true);
  const auto sites = awaited(turn);
  decide_complete(turn, sites);
  // What has begun to wait since it was asked.
  const auto site = sites.find(name);
  if (site != sites.end() && turn.gathered.needed_ms_max() >= site->second.reported_ms) {
    ask_site(turn, name, site->second);
  }
  plan_late(turn);
}

void take_late(Turn& turn) {
  const auto sites = awaited(turn);
  for (const auto& key : turn.gathered.due_by(turn.now_ms)) {
    const auto gathering = turn.gathered.find(key);
    if (!gathering) continue;
    const auto names = missing(sites, gathering->needed);
    if (turn.options.late == Late::ask && !names.empty()) {
      ask_person(turn, key, *gathering, names);
      continue;
    }
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
    turn.step.log(plugin::Level::warning, "decided " + key + " without a report of " + all);
    decide_now(turn, key, *gathering, "late");
  }
  plan_late(turn);
}

void resolve_late(Turn& turn, std::int64_t number, const std::string& key, bool decide) {
  auto gathering = turn.gathered.find(key);
  if (!gathering) {
    turn.step.close_case(number, Json{{"outcome", "nothing waits"}}.dump());
    return turn.cases.erase(number);
  }
  if (decide) {
    decide_now(turn, key, *gathering, "decide");
  } else {
    close_question(turn, *gathering, "wait");
    gathering->due_ms = turn.now_ms + turn.options.wait_ms_max;
    turn.gathered.change(key, *gathering);
    turn.outbox.explain({{"verdict", "WAITS"}, {"record", key}});
  }
  plan_late(turn);
}

}  // namespace bascule::conflict
