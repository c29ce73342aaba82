#include "conflict/site/site_turn.hpp"

#include <algorithm>
#include <set>

#include "conflict/record/marks.hpp"
#include "conflict/site/clock.hpp"
#include "conflict/site/state.hpp"
#include "conflict/site/view.hpp"
#include "sdk/json.hpp"
#include "sdk/number.hpp"

namespace bascule::conflict {

namespace {

constexpr std::string_view own_properties[] = {"op", "base", "base-quality", "prev", "hlc",
                                               "u",  "kind", "mark",         "hub"};
// How often a site that does not edit says what has come to it.
constexpr std::int64_t mark_every_ms = 3'600'000;
// Of so many their marks are kept.
constexpr std::size_t hubs_max = 16;

struct Visit {
  const Options& options;
  plugin::Step& step;
  const plugin::Input& input;
  SiteState state;
  SiteClock clock;
};

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
    output.properties = {{"version", std::to_string(confirmed.version)},
                         {"pending", std::to_string(pending.size())}};
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

// The marks of all hubs that had come by then.
std::string marks_at(const Visit& visit, const Moment& at) {
  std::string text;
  for (const auto& [hub, marks] : visit.state.marks()) {
    const auto number = marks.at(at);
    if (number > 0) text += (text.empty() ? "" : " ") + mark_text(hub, number);
  }
  return text.empty() ? "0" : text;
}

// An edit on its way up: as it came, and what its stamp will be made of.
struct Leaving {
  Op op;
  plugin::Output output;
  std::int64_t wall_ms = 0;
  Hlc seen;  // the greatest stamp that its author can have seen
  std::string marks;
  std::string hub;  // whose version its base is
};

Leaving leaving(const Visit& visit, const Op& op, const std::string& hub) {
  Leaving it{op, {}, visit.input.wall_ms(), visit.state.clock(), {}, hub};
  it.marks = marks_at(visit, moment_of(visit.input));
  auto& output = it.output;
  output.direction = plugin::Direction::up;
  output.lane = visit.options.lane;
  output.topic = visit.input.topic();
  output.payload = visit.input.payload();
  output.content_type = visit.input.content_type();
  const auto& raw = visit.input.raw();
  for (std::size_t i = 0; i < raw.property_count; ++i) {
    const auto name = plugin::view(raw.properties[i].name);
    const auto* end = std::end(own_properties);
    if (std::find(std::begin(own_properties), end, name) != end) continue;
    output.properties.emplace_back(name, plugin::view(raw.properties[i].value));
  }
  return it;
}

std::string encode(const Leaving& it) {
  Writer out;
  write(out, it.op);
  out.text(it.output.topic).text(it.output.payload).text(it.output.content_type);
  out.number(it.output.properties.size());
  for (const auto& [name, value] : it.output.properties) out.text(name).text(value);
  out.integer(it.wall_ms);
  write(out, it.seen);
  return out.text(it.marks).text(it.hub).take();
}

Leaving decode_leaving(const Options& options, std::string_view bytes) {
  Reader in(bytes);
  Leaving it;
  it.op = read_op(in);
  it.output.direction = plugin::Direction::up;
  it.output.lane = options.lane;
  it.output.topic = in.text();
  it.output.payload = in.text();
  it.output.content_type = in.text();
  for (auto count = in.number(); count > 0; --count) {
    std::string name(in.text());
    it.output.properties.emplace_back(std::move(name), in.text());
  }
  it.wall_ms = in.integer();
  it.seen = read_hlc(in);
  it.marks = in.text();
  it.hub = in.text();
  return it;
}

void send_up(Visit& visit, Leaving it) {
  const auto time = visit.clock.correct(it.wall_ms);
  auto& op = it.op;
  op.hlc = next_stamp(std::max(visit.state.sent(), it.seen), time.ms, visit.options.bridge_id);
  op.u_ms = time.u_ms;
  visit.state.put_sent(op.hlc);
  if (visit.state.clock() < op.hlc) visit.state.put_clock(op.hlc);
  auto& properties = it.output.properties;
  properties.emplace_back("op", op.id);
  properties.emplace_back("base", std::to_string(op.base));
  properties.emplace_back("base-quality", word(op.quality));
  if (!op.prev.empty()) properties.emplace_back("prev", op.prev);
  properties.emplace_back("hlc", text(op.hlc));
  properties.emplace_back("u", std::to_string(op.u_ms));
  properties.emplace_back("kind", word(op.kind));
  properties.emplace_back("mark", it.marks);
  if (!it.hub.empty()) properties.emplace_back("hub", it.hub);
  visit.step.emit(it.output);
}

void release(Visit& visit) {
  visit.clock.release(visit.input, [&](std::string_view bytes) {
    send_up(visit, decode_leaving(visit.options, bytes));
  });
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
  if (op.prev.empty() && visit.options.view == View::optimistic && !pending.empty()) {
    op.prev = pending.back().op.id;
  }
  if (visit.clock.ready()) {
    send_up(visit, leaving(visit, op, seen.hub));
  } else {
    visit.clock.hold(encode(leaving(visit, op, seen.hub)));
  }
  visit.step.explain(Json{
      {"op", op.id},
      {"verdict", "PENDING"},
      {"base", op.base},
      {"base_quality", word(op.quality)},
      {"prev", op.prev}}.dump());
  if (!op.wrong.empty()) return;  // the authority says so; nothing to show
  const auto deltas = deltas_of(visit.options, show(visit.options, confirmed, pending), op);
  visit.state.add({op, deltas});
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

// Asks for the wake that sends marks, if that has not been done. A wake that is later than it would
// be was asked for by a clock that ran ahead.
void plan_marks(Visit& visit) {
  if (visit.options.topics.mark.empty()) return;
  const auto at = visit.input.wall_ms() + mark_every_ms;
  const auto planned = visit.state.mark_wake_ms();
  if (planned != 0 && planned <= at) return;
  visit.step.wake_at("mark", at);
  visit.state.put_mark_wake(at);
}

// A hub has said up to where everything has come; gives the hub's name.
std::string take_mark(Visit& visit) {
  const auto mark = parse_mark(visit.input.property("mark").value_or(""));
  if (!mark) return {};
  const std::string hub(mark->hub);
  auto all = visit.state.marks();
  if (!all.contains(hub) && all.size() >= hubs_max) {
    all.erase(std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.second.arrivals.back().at < b.second.arrivals.back().at;
    }));
  }
  all[hub].add(mark->number, moment_of(visit.input));
  visit.state.put(all);
  plan_marks(visit);
  return hub;
}

// Sends the marks that had come an hour ago: edits from before that have left by now.
void send_marks(Visit& visit) {
  auto all = visit.state.marks();
  bool more = false;
  const bool ready = visit.clock.ready();
  for (auto& [hub, marks] : all) {
    if (ready && marks.next != marks.sent) {
      plugin::Output output;
      output.direction = plugin::Direction::up;
      output.lane = visit.options.lane;
      output.topic = visit.options.topics.mark.fill({{"origin", visit.options.bridge_id}});
      output.payload = Json{{"mark", mark_text(hub, marks.next)}}.dump();
      visit.step.emit(output);
      marks.sent = marks.next;
    }
    if (ready) marks.next = marks.last();
    more = more || marks.to_send();
  }
  visit.state.put_mark_wake(0);
  visit.state.put(all);
  if (more) plan_marks(visit);
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
  if (hlc && visit.state.clock() < *hlc) visit.state.put_clock(*hlc);
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
    confirmed.arrivals.push_back({*version, hub, moment_of(visit.input)});
  }
  visit.state.put(key, confirmed);
  // The version that an edit made has it already.
  std::set<std::string> parts{part};
  if (const auto op = visit.input.property("op")) {
    if (!visit.options.parts()) visit.state.remove(*op);
  }
  show_record(visit, key, parts);
}

void take_verdict(Visit& visit) {
  take_mark(visit);
  plugin::Output output;
  output.direction = plugin::Direction::down;
  output.lane = visit.options.lane;
  output.topic = visit.input.topic();
  output.payload = visit.input.payload();
  visit.step.emit(output);
  const auto json = parse_json(visit.input.payload());
  if (!json.is_object() || !json.contains("op") || !json["op"].is_string()) return;
  const auto verdict = json.contains("verdict") ? json["verdict"] : Json();
  // What is parked may stand yet. What waits for a person as one of a field's values is decided:
  // the person's op will follow it.
  const bool asked = verdict == "CASE" && json.contains("reason") && json["reason"] == "field";
  if ((verdict == "HOLD" || verdict == "CASE") && !asked) return;
  const auto key = visit.state.remove(json["op"].get<std::string>());
  if (key) show_record(visit, *key, all_parts(visit, *key));
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
  } else if (visit.clock.is_answer(input.topic())) {
    if (visit.clock.take_answer(input)) release(visit);
    return;
  }
  step.log(plugin::Level::warning, "not a topic of this policy");
  step.explain(Json{{"verdict", "REFUSED"}, {"reason", "topic"}}.dump());
}

}  // namespace bascule::conflict
