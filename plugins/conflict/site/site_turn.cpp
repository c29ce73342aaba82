#include "conflict/site/site_turn.hpp"

#include <algorithm>
#include <set>

#include "conflict/site/leaving.hpp"
#include "conflict/site/site_marks.hpp"
#include "conflict/site/view.hpp"
#include "conflict/site/visit.hpp"
#include "sdk/json.hpp"
#include "sdk/number.hpp"

namespace bascule::conflict {

namespace {

// Edits of one record that stand, and of which the record has not come.
constexpr std::size_t decided_max = 16;

void show_record(Visit& visit, std::string_view key, const std::set<std::string>& parts) {
  const auto confirmed = visit.state.confirmed(key);
  const auto pending = visit.state.pending(key);
  const auto shown = show(visit.options, confirmed, pending);
  for (const auto& part : parts) {
    plugin::Output output;
    output.direction = plugin::Direction::down;
    output.lane = visit.options.lane;
    output.topic = visit.options.topics.view.fill(TopicValues{visit.options, key, part});
    output.payload = render(shown, part);
    output.retain = true;
    const auto open = std::count_if(pending.begin(), pending.end(),
                                    [](const Pending& one) { return one.decided < 0; });
    output.properties = {{"version", std::to_string(confirmed.version)},
                         {"pending", std::to_string(open)}};
    visit.step.emit(output);
  }
}

std::set<std::string> parts_of(const Options& options, const Op& op) {
  if (!options.parts()) return {""};
  std::set<std::string> parts;
  for (const auto& [name, value] : op.fields) parts.insert(name.substr(0, name.find('/')));
  return parts;
}

// All parts that there is anything of: a delete takes them all.
std::set<std::string> all_parts(const Visit& visit, std::string_view key) {
  if (!visit.options.parts()) return {""};
  std::set<std::string> parts;
  for (const auto& [part, version] : visit.state.confirmed(key).part_versions) parts.insert(part);
  for (const auto& pending : visit.state.pending(key)) {
    parts.merge(parts_of(visit.options, pending.op));
  }
  return parts;
}

// The newest version that had come here when the edit was journaled, whatever has come since.
Confirmed::Arrival seen_at(const Confirmed& confirmed, const Moment& at) {
  Confirmed::Arrival seen;
  for (const auto& arrival : confirmed.arrivals) {
    if (arrival.at <= at) seen = arrival;
  }
  return seen;
}

void take_edit(Visit& visit, const Captures& captures) {
  auto op = read_op(visit.options, visit.input, captures).op;
  op.id = id_of(visit.input);
  if (op.key.empty()) {
    visit.step.log(plugin::Level::warning, "an edit does not say which record it is of");
    return visit.step.explain(Json{{"verdict", "REFUSED"}, {"reason", op.wrong}}.dump());
  }
  if (visit.state.is_pending(op.id)) return;
  const auto confirmed = visit.state.confirmed(op.key);
  const auto pending = visit.state.pending(op.key);
  const auto seen = seen_at(confirmed, moment_of(visit.input));
  if (op.blind()) {
    op.base = seen.version;
    op.quality = BaseQuality::inferred;
  }
  // Whatever the view shows: who edits here knows what was edited here before.
  if (op.prev.empty() && !pending.empty()) op.prev = pending.back().op.id;
  leave(visit, op, seen.hub);
  visit.step.explain(Json{
      {"op", op.id},
      {"verdict", "PENDING"},
      {"base", op.base},
      {"base_quality", word(op.quality)},
      {"prev", op.prev}}.dump());
  if (!op.wrong.empty()) return;  // the authority says so; nothing to show
  const auto deltas = deltas_of(visit.options, show(visit.options, confirmed, pending), op);
  visit.state.add({op, deltas, -1, {}});
  if (visit.options.view == View::confirmed) return;
  const bool whole = op.kind == Kind::remove || op.kind == Kind::recreate;
  show_record(visit, op.key, whole ? all_parts(visit, op.key) : parts_of(visit.options, op));
}

std::optional<std::int64_t> number_in(const plugin::Input& input, std::string_view property) {
  const auto text = input.property(property);
  return text ? whole_number(*text) : std::nullopt;
}

void set_fields(const Options& options, const std::string& part, std::string_view payload,
                Confirmed& confirmed) {
  const auto prefix = part.empty() ? "" : part + "/";
  std::erase_if(confirmed.fields,
                [&](const auto& field) { return field.first.starts_with(prefix); });
  const auto json = payload.empty() ? Json::object() : parse_json(payload);
  for (const auto& [name, value] : json.items()) confirmed.fields[prefix + name] = value.dump();
  confirmed.live = options.parts() ? !confirmed.fields.empty() : !payload.empty();
}

// The authority knows nothing any more of a record that was deleted.
void forget_record(Visit& visit, const std::string& key, const Confirmed& confirmed,
                   const std::string& hub) {
  auto parts = all_parts(visit, key);
  // Another hub's record is none of its business.
  if (confirmed.version < 0 || confirmed.hub != hub) return;
  visit.state.erase_confirmed(key);
  show_record(visit, key, parts);
}

// "family:2 person:3": in which version each part of the record last changed.
std::map<std::string, std::int64_t, std::less<>> parts_in(const plugin::Input& input) {
  std::map<std::string, std::int64_t, std::less<>> parts;
  auto text = input.property("parts").value_or("");
  while (!text.empty()) {
    const auto one = text.substr(0, text.find(' '));
    text.remove_prefix(one.size() == text.size() ? one.size() : one.size() + 1);
    const auto colon = one.rfind(':');
    const auto version = colon == one.npos ? std::nullopt : whole_number(one.substr(colon + 1));
    if (version) parts.emplace(one.substr(0, colon), *version);
  }
  return parts;
}

// People here have seen a version once all of its parts have come: with the line cut between two
// messages of one transaction, what is edited next has the base from before it.
void take_arrival(const Visit& visit, Confirmed& confirmed) {
  auto& arrivals = confirmed.arrivals;
  const bool known = !arrivals.empty() && arrivals.back().version >= confirmed.version &&
                     arrivals.back().hub == confirmed.hub;
  if (known || !confirmed.whole()) return;
  arrivals.push_back({confirmed.version, confirmed.hub, moment_of(visit.input)});
}

// The record as the centre has it now says what became of these. Adds the parts that they are of.
void drop_decided(Visit& visit, const std::string& key, const Confirmed& confirmed,
                  std::set<std::string>& parts) {
  for (const auto& one : visit.state.pending(key)) {
    if (one.decided < 0) continue;
    const bool newer = one.hub != confirmed.hub || one.decided <= confirmed.version;
    if (!newer || !confirmed.whole()) continue;
    visit.state.remove(one.op.id);
    parts.merge(parts_of(visit.options, one.op));
  }
}

void take_record(Visit& visit, const Captures& captures) {
  const auto key = join_key(visit.options, captures);
  const auto version = number_in(visit.input, "version");
  const auto payload = visit.input.payload();
  if (key.empty() || !version || (!payload.empty() && !parse_json(payload).is_object())) {
    visit.step.log(plugin::Level::warning, "a record came without its version, or is none");
    return visit.step.explain(Json{{"verdict", "REFUSED"}, {"reason", "record"}}.dump());
  }
  const auto hub = take_mark(visit);
  const auto stamp = visit.input.property("hlc");
  const auto hlc = stamp ? parse_hlc(*stamp) : std::nullopt;
  // One that lies ahead is another's clock's: the authority puts an edit behind what it has seen.
  const auto now_ms = visit.clock.correct(visit.input.wall_ms()).ms;
  const bool ahead = hlc && visit.knows_time() && hlc->ms > now_ms + visit.options.clock_guard_ms;
  if (hlc && !ahead && visit.state.clock() < *hlc) visit.state.put_clock(*hlc);
  const auto found = captures.find("part");
  const std::string part = found == captures.end() ? "" : found->second;
  auto confirmed = visit.state.confirmed(key);
  if (*version < 0) return forget_record(visit, key, confirmed, hub);
  // Versions of another hub, or of the same one after its journal was made anew, begin again; what
  // its readers had seen of the former one is still the base of edits that were made then.
  const bool other = confirmed.version >= 0 && confirmed.hub != hub;
  const bool anew = *version < confirmed.version && hlc && confirmed.newest < *hlc;
  if (other || anew) {
    auto arrivals = std::move(confirmed.arrivals);
    confirmed = {};
    if (other) confirmed.arrivals = std::move(arrivals);
  }
  confirmed.hub = hub;
  const auto known = confirmed.part_versions.find(part);
  if (known != confirmed.part_versions.end() && *version < known->second) return;
  confirmed.part_versions[part] = *version;
  set_fields(visit.options, part, payload, confirmed);
  if (*version > confirmed.version) {
    confirmed.version = *version;
    confirmed.newest = hlc.value_or(Hlc{});
    confirmed.parts_needed = parts_in(visit.input);
  }
  take_arrival(visit, confirmed);
  visit.state.put(key, confirmed);
  // The version that an edit made has it already.
  std::set<std::string> parts{part};
  if (const auto op = visit.input.property("op")) {
    if (!visit.options.parts()) visit.state.remove(*op);
  }
  drop_decided(visit, key, confirmed, parts);
  show_record(visit, key, parts);
}

// Who has lost is told what stands instead, in the verdict itself. An older version than has come
// is none.
void take_canonical(Visit& visit, const std::string& key, const Json& verdict,
                    const std::string& hub) {
  auto confirmed = visit.state.confirmed(key);
  const auto version = verdict.value("version", std::int64_t{-1});
  const auto& canonical = verdict["canonical"];
  const bool same = confirmed.hub == hub || confirmed.version < 0;
  if (visit.options.parts() || !same || version <= confirmed.version) return;
  // Of a deleted one that it does not know the site need not learn: it may be forgotten already.
  if (confirmed.version < 0 && !canonical.is_object()) return;
  set_fields(visit.options, "", canonical.is_object() ? canonical.dump() : "", confirmed);
  confirmed.version = version;
  confirmed.hub = hub;
  confirmed.part_versions[""] = version;
  take_arrival(visit, confirmed);
  visit.state.put(key, confirmed);
}

// Where no record ever comes, what was decided becomes part of what is taken for confirmed.
void fold_oldest(Visit& visit, const std::string& key, Confirmed confirmed,
                 const std::vector<Pending>& all) {
  const auto oldest =
      std::find_if(all.begin(), all.end(), [](const Pending& one) { return one.decided >= 0; });
  if (oldest == all.end()) return;
  const auto shown = with_one(confirmed, *oldest);
  confirmed.fields = shown.fields;
  confirmed.live = shown.live;
  visit.state.put(key, confirmed);
  visit.state.remove(oldest->op.id);
}

// An edit that stands is shown until the record says otherwise, which may not come for long, or
// never where no route brings the records down (R15).
void keep_decided(Visit& visit, const std::string& id, const Json& verdict,
                  const std::string& hub) {
  const auto key = visit.state.key_of(id);
  if (!key) return;
  const auto confirmed = visit.state.confirmed(*key);
  const auto version = verdict.value("version", std::int64_t{-1});
  const bool come = hub == confirmed.hub && version <= confirmed.version && confirmed.whole();
  const auto all = visit.state.pending(*key);
  std::size_t decided = 0;
  for (auto one : all) {
    if (one.op.id == id && !come) {
      one.decided = version;
      one.hub = hub;
      for (const auto& lost : verdict.value("lost", std::vector<std::string>())) {
        std::erase_if(one.op.fields, [&](const auto& field) {
          return visit.options.unit_of(field.first) == lost;
        });
      }
      visit.state.change(one);
    }
    decided += one.decided >= 0 ? 1 : 0;
  }
  if (come) visit.state.remove(id);
  if (decided > decided_max) fold_oldest(visit, *key, confirmed, all);
  show_record(visit, *key, all_parts(visit, *key));
}

void take_verdict(Visit& visit) {
  const auto hub = take_mark(visit);
  plugin::Output output;
  output.direction = plugin::Direction::down;
  output.lane = visit.options.lane;
  output.topic = visit.input.topic();
  output.payload = visit.input.payload();
  visit.step.emit(output);
  const auto json = parse_json(visit.input.payload());
  if (!json.is_object() || !json.contains("op") || !json["op"].is_string()) return;
  const auto verdict = json.value("verdict", "");
  // What is parked may stand yet. What waits for a person as one of a field's values is decided:
  // the person's op will follow it.
  const bool asked = verdict == "CASE" && json.value("reason", "") == "field";
  if ((verdict == "HOLD" || verdict == "CASE") && !asked) return;
  const auto id = json["op"].get<std::string>();
  if (verdict == "APPLY" || verdict == "MERGE") return keep_decided(visit, id, json, hub);
  const auto key = visit.state.remove(id);
  if (!key) return;
  if (json.contains("canonical")) take_canonical(visit, *key, json, hub);
  show_record(visit, *key, all_parts(visit, *key));
}

}  // namespace

void decide_at_site(const Options& options, plugin::Step& step, const plugin::Input& input) {
  Visit visit{options, step, input, SiteState(step), SiteClock(options, step)};
  if (input.kind() == plugin::Input::Kind::link) {
    if (visit.state.mark_wake_ms() != 0) plan_marks(visit);
    return visit.clock.line(input);
  }
  if (input.kind() == plugin::Input::Kind::wake) {
    if (input.topic() == "mark") return send_marks(visit);
    if (input.topic() == "leave" || visit.clock.give_up()) release(visit);
    return;
  }
  if (input.kind() != plugin::Input::Kind::message) return;
  if (input.direction() == plugin::Direction::up) {
    if (const auto captures = options.record.match(input.topic())) {
      return take_edit(visit, *captures);
    }
  } else if (const auto record = options.topics.canonical.match(input.topic())) {
    return take_record(visit, *record);
  } else if (options.topics.verdict.match(input.topic())) {
    return take_verdict(visit);
  } else if (is_ask(options, input.topic())) {
    return take_ask(visit);
  } else if (visit.clock.is_answer(input.topic())) {
    if (visit.clock.take_answer(input)) release(visit);
    return;
  }
  step.log(plugin::Level::warning, "not a topic of this policy");
  step.explain(Json{{"verdict", "REFUSED"}, {"reason", "topic"}}.dump());
}

}  // namespace bascule::conflict
