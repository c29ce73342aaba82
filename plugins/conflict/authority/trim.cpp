#include "conflict/authority/trim.hpp"

#include <algorithm>
#include <limits>

#include "conflict/authority/reports.hpp"
#include "conflict/authority/turn/sites.hpp"
#include "conflict/record/marks.hpp"
#include "sdk/json.hpp"

namespace bascule::conflict {

namespace {

// What a step may forget, so that what waits behind it does not wait long.
constexpr std::size_t portion = 500;
constexpr std::int64_t trim_every_ms = 3'600'000;
// A site that edits all the time is not written down at each edit.
constexpr std::int64_t written_every_ms = 60'000;

bool due(const Turn& turn, const Entry& entry) {
  const auto& options = turn.options;
  if (turn.state.last_number() - entry.number >= options.history_entries_max) return true;
  return options.history_keep_ms && entry.op.arrived_ms + *options.history_keep_ms <= turn.now_ms;
}

// Up to which entry all sites have seen all records. Who has acknowledged the last mark has seen
// all that there is to see.
std::uint64_t acknowledged(const Turn& turn, const std::map<std::string, Site>& sites) {
  auto least = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [name, site] : sites) {
    if (site.mark < turn.state.told()) least = std::min(least, site.mark);
  }
  return least;
}

// Whether the op's own site has its verdict: else its next edits may build on the op.
bool is_answered(const std::map<std::string, Site>& sites, const Entry& entry) {
  const auto site = sites.find(std::string(entry.op.origin()));
  return site == sites.end() || entry.number <= site->second.mark;
}

// A site that is not heard of must not keep everything for ever: a person is asked.
void ask_about_silent(Turn& turn, const std::map<std::string, Site>& sites, const Entry& entry) {
  const auto origin = entry.op.origin();
  for (auto [name, site] : sites) {
    const bool behind =
        site.mark < entry.number && (site.mark < turn.state.told() || name == origin);
    // Heard of by a clock that ran ahead: it counts from now on.
    if (site.heard_ms > turn.now_ms && turn.input.clock_trusted()) {
      site.heard_ms = turn.now_ms;
      Sites(turn.step).put(name, site);
    }
    const bool silent = turn.now_ms - site.heard_ms > turn.options.silent_ms;
    if (!behind || !silent || site.case_number >= 0) continue;
    const Json data{{"site", name},
                    {"heard_ms", site.heard_ms},
                    {"entries_behind", turn.state.last_number() - site.mark},
                    {"choices", {"wait", "drop"}}};
    site.case_number = turn.step.open_case("silent", name, data.dump());
    turn.cases.put(site.case_number, Case{"silent", name, "", ""});
    Sites(turn.step).put(name, site);
  }
}

void close_silent(Turn& turn, Site& site, const std::string& outcome) {
  turn.step.close_case(site.case_number, Json{{"outcome", outcome}}.dump());
  turn.cases.erase(site.case_number);
  site.case_number = -1;
}

void hear_of(Turn& turn, std::string_view name, Site site, std::uint64_t mark) {
  if (site.case_number >= 0) close_silent(turn, site, "heard of again");
  site.dropped = false;
  site.heard_ms = turn.now_ms;
  // A greater one is of another authority, before this one's journal was made anew.
  if (mark <= turn.state.last_number()) site.mark = std::max(site.mark, mark);
  Sites(turn.step).put(name, site);
}

// Somebody will still ask what was before.
bool is_open(const Turn& turn, const std::string& key, const Record& record) {
  const auto asked = [](const Unit& unit) { return unit.case_number >= 0; };
  return record.case_number >= 0 || turn.waiting.has_parked(key) ||
         std::any_of(record.units.begin(), record.units.end(), asked);
}

// Forgets the entries of its record before this one, newest first. False: it has to go on later.
bool forget_before(State& state, Entry entry, std::size_t& budget) {
  while (const auto older = state.entry(entry.before)) {
    if (budget == 0) {
      state.put(entry);
      return false;
    }
    --budget;
    state.forget(*older);
    entry.before = older->before;
  }
  return true;
}

// A deleted record goes in two steps: the sites are told to forget it; once they have acknowledged
// that, so that no edit to come can name a version of it, it is forgotten here.
bool forget_record(Turn& turn, const std::string& key, Record record, std::size_t& budget) {
  const auto last = turn.state.entry(record.last);
  if (!last) throw std::runtime_error("the state has lost an entry of the history");
  if (record.forgotten_by != 0) {
    if (!forget_before(turn.state, *last, budget)) return false;
    turn.state.forget(*last);
    turn.state.erase_record(key);
    return true;
  }
  Entry entry;
  entry.op.key = key;
  entry.op.arrived_ms = last->op.arrived_ms;
  entry.verdict = Verdict::reject;
  entry.reason = "forgotten";
  entry.number = record.forgotten_by = turn.state.next_number();
  record.forgotten = record.version;
  turn.state.put(entry);
  turn.state.put(key, record);
  turn.outbox.forget(key, record);
  return true;
}

// Forgets what has come to its end with this entry. False: it has to be visited again.
bool visit(Turn& turn, const Entry& entry, std::size_t& budget) {
  const auto& key = entry.op.key;
  const auto record = turn.state.record(key);
  const bool made = entry.made_by == entry.number;
  if (!record || (entry.verdict == Verdict::reject && !made)) turn.state.forget(entry);
  if (!record || is_open(turn, key, *record)) return true;
  if (record->deleted && std::max(record->last, record->forgotten_by) <= entry.number) {
    if (!forget_record(turn, key, *record, budget)) return false;
  }
  const auto maker = made ? entry : turn.state.entry(entry.made_by);
  return !maker || forget_before(turn.state, *maker, budget);
}

}  // namespace

void acknowledge(Turn& turn, std::string_view name, std::uint64_t mark) {
  const auto known = Sites(turn.step).site(name);
  const bool lately =
      known && known->heard_ms <= turn.now_ms && turn.now_ms - known->heard_ms < written_every_ms;
  if (lately && !known->dropped && known->case_number < 0) return;
  hear_of(turn, name, known.value_or(Site{}), mark);
}

void take_mark(Turn& turn, const std::string& site) {
  const auto json = parse_json(turn.input.payload());
  if (!json.is_object() || !json.contains("mark") || !json["mark"].is_string()) {
    return turn.outbox.explain({{"verdict", "REFUSED"}, {"reason", "mark"}});
  }
  const auto mark = mark_of(turn.hub, json["mark"].get_ref<const std::string&>());
  const auto stamp = json.contains("hlc") && json["hlc"].is_string()
                         ? parse_hlc(json["hlc"].get_ref<const std::string&>())
                         : std::nullopt;
  if (stamp && turn.options.waits) answer_report(turn, site, stamp->ms);
  const auto known = Sites(turn.step).site(site);
  // All hubs are told of all marks: a site of others need not be one of this.
  if (!mark && !known) return turn.outbox.explain({{"verdict", "MARK"}, {"reason", "other hub"}});
  // It is not said again, so it counts also if the site was heard of just now.
  hear_of(turn, site, known.value_or(Site{}), mark.value_or(0));
  turn.outbox.explain({{"verdict", "MARK"}, {"mark", json["mark"]}});
}

void plan_trim(Turn& turn) {
  const auto& options = turn.options;
  const bool never = !options.history_keep_ms && options.history_entries_max == no_limit;
  if (never || turn.state.visited() == turn.state.last_number()) return;
  // A wake that is later than that was asked for by a clock that ran ahead.
  const auto at = turn.now_ms + trim_every_ms;
  if (turn.state.trim_at_ms() != 0 && turn.state.trim_at_ms() <= at) return;
  turn.step.wake_at("trim", at);
  turn.state.put_trim_at(at);
}

void trim(Turn& turn) {
  auto& state = turn.state;
  const auto sites = Sites(turn.step).counted(turn.options.sites, turn.now_ms);
  const auto all = acknowledged(turn, sites);
  const auto begin = state.visited();
  auto budget = portion;
  bool more = false;
  // What a queued op has seen counts when the batch is decided.
  const bool gathers = turn.waiting.has_queued() || turn.gathered.any();
  while (!gathers && state.visited() < state.last_number()) {
    const auto number = state.visited() + 1;
    auto entry = state.entry(number);
    // It came while the clock ran ahead: it counts from now on.
    if (entry && entry->op.arrived_ms > turn.now_ms && turn.input.clock_trusted()) {
      entry->op.arrived_ms = turn.now_ms;
      state.put(*entry);
    }
    if (entry && !due(turn, *entry)) break;
    if (entry && (number > all || !is_answered(sites, *entry))) {
      ask_about_silent(turn, sites, *entry);
      break;
    }
    more = budget == 0 || (entry && !visit(turn, *entry, budget));
    if (more) break;
    budget -= std::min<std::size_t>(budget, 1);
    state.put_visited(number);
  }
  const auto again = turn.now_ms + (more ? 0 : trim_every_ms);
  const bool waits = state.visited() < state.last_number();
  state.put_trim_at(waits ? again : 0);
  if (waits) turn.step.wake_at("trim", again);
  turn.outbox.explain({{"verdict", "TRIM"}, {"entries", state.visited() - begin}});
}

void resolve_silent(Turn& turn, std::int64_t number, const std::string& name, bool drop) {
  Sites sites(turn.step);
  auto site = sites.site(name).value_or(Site{});
  site.case_number = number;
  close_silent(turn, site, drop ? "drop" : "wait");
  site.dropped = drop;
  site.heard_ms = turn.now_ms;
  sites.put(name, site);
  turn.outbox.explain({{"verdict", drop ? "DROPPED" : "WAITS"}, {"site", name}});
}

}  // namespace bascule::conflict
