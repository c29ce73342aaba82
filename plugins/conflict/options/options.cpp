#include "conflict/options/options.hpp"

#include "sdk/number.hpp"
#include "sdk/option_reader.hpp"

namespace bascule::conflict {

namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t duration_ms_max = 3'650 * day_ms;

constexpr Word<Role> roles[]{{"authority", Role::authority}, {"site", Role::site}};
constexpr Word<Strategy> strategies[]{{"last-writer-wins", Strategy::last_writer_wins},
                                      {"field-merge", Strategy::field_merge},
                                      {"expected-version", Strategy::expected_version}};
constexpr Word<Detect> detects[]{
    {"record", Detect::record}, {"field", Detect::field}, {"none", Detect::none}};
constexpr Word<Order> orders[]{{"author", Order::author}, {"arrival", Order::arrival}};
constexpr Word<Deletes> deletes[]{{"delete-wins", Deletes::delete_wins},
                                  {"author-time", Deletes::author_time},
                                  {"update-wins", Deletes::update_wins}};
constexpr Word<OnAmbiguous> ambiguous[]{
    {"accept", OnAmbiguous::accept}, {"hold", OnAmbiguous::hold}, {"case", OnAmbiguous::ask}};
constexpr Word<OnStale> stale[]{
    {"reject", OnStale::reject}, {"merge", OnStale::merge}, {"hold", OnStale::hold}};
constexpr Word<View> views[]{{"optimistic", View::optimistic}, {"confirmed", View::confirmed}};
constexpr Word<Late> lates[]{{"decide", Late::decide}, {"case", Late::ask}};
constexpr Word<Rule> rules[]{
    {"newest", Rule::newest},   {"first", Rule::first}, {"max", Rule::max},
    {"min", Rule::min},         {"sum", Rule::sum},     {"union", Rule::unite},
    {"central", Rule::central}, {"site", Rule::site},   {"case", Rule::ask}};
constexpr Word<Normaliser> normalisers[]{
    {"exact", Normaliser::exact}, {"text", Normaliser::folded}, {"digits", Normaliser::digits}};

void read_group(OptionReader& entry, const std::string& name, Options& options) {
  auto rule = Rule::newest;
  entry.choose("rule", rules, rule);
  options.rules[name] = rule;
  if (rule == Rule::sum || rule == Rule::unite || rule == Rule::max || rule == Rule::min) {
    entry.problem("rule", "must be newest, first, central, site or case for a group");
  }
  for (const auto& member : entry.texts("members")) {
    if (!options.group_of.emplace(member, name).second) {
      entry.problem("members", "has a field that is in another group too: " + member);
    }
    options.groups[name].push_back(member);
  }
  if (options.groups[name].empty()) entry.problem("members", "must name the fields of the group");
}

void read_fields(OptionReader& reader, Options& options) {
  reader.members("fields", [&](const std::string& name, OptionReader entry) {
    if (entry.is_object()) {
      read_group(entry, name, options);
      entry.refuse_others();
    } else {
      entry.choose("", rules, options.rules[name]);
    }
    if (name.ends_with("/*") && !options.parts()) {
      reader.problem("fields", "has a rule for a part (" + name + "), and `record` has no {part}");
    }
  });
  for (const auto& [member, group] : options.group_of) {
    if (member != group && options.rules.contains(member)) {
      reader.problem("fields", "has a rule for " + member + ", which goes by its group's");
    }
  }
  if (options.strategy == Strategy::last_writer_wins) {
    for (const auto& [unit, rule] : options.rules) {
      if (rule != Rule::newest) {
        reader.problem("fields", "has a rule other than newest (" + unit +
                                     "), which takes strategy: field-merge");
      }
    }
  }
}

void read_match(OptionReader& reader, Options& options) {
  reader.items("insert_match", [&](OptionReader entry) {
    MatchPart part;
    if (entry.is_object()) {
      part.field = entry.text("field", "");
      entry.choose("as", normalisers, part.as);
      entry.refuse_others();
    } else {
      part.field = entry.text("", "");
    }
    if (part.field.empty()) entry.problem("", "must name a field");
    for (const auto& other : options.insert_match) {
      if (other.field == part.field) entry.problem("", "is named twice: " + part.field);
    }
    options.insert_match.push_back(part);
  });
}

void read_topics(OptionReader& reader, Options& options) {
  auto topics = reader.section("topics");
  const bool site = options.role == Role::site;
  const auto read = [&](const char* name, Pattern& pattern, std::string_view otherwise) {
    pattern = topics.pattern(name, otherwise);
    for (const auto& used : pattern.names()) {
      if (used == "origin" || used == "key" || used == "part" || options.record.names(used))
        continue;
      bool pointer = false;
      for (const auto& key : options.key) pointer |= key.ends_with("/" + used);
      if (!pointer)
        topics.problem(name, "names {" + used + "}, which is no part of the record's key");
    }
  };
  read("canonical", options.topics.canonical, "");
  read("verdict", options.topics.verdict, "verdicts/{origin}");
  if (options.topics.canonical.empty())
    topics.problem("canonical", "is missing: the topic of the records");
  if (options.parts() && !options.topics.canonical.empty() &&
      !options.topics.canonical.names("part")) {
    topics.problem("canonical", "must name {part}, since the records have parts");
  }
  read("clock", options.topics.clock, "");
  read("mark", options.topics.mark, "");
  const auto of_site = [&](const char* name, const Pattern& pattern) {
    if (pattern.empty() || pattern.names() == std::vector<std::string>{"origin"}) return;
    topics.problem(name, "must name {origin} and nothing else");
  };
  of_site("clock", options.topics.clock);
  of_site("mark", options.topics.mark);
  if (site) {
    read("view", options.topics.view, "");
    if (options.topics.view.empty())
      topics.problem("view", "is missing: the site's own topic of the records");
  } else {
    read("conflict", options.topics.conflict, "conflicts/{key}");
    read("pending", options.topics.pending, "pending/{key}");
    if (!topics.is_none("history")) read("history", options.topics.history, "history/{key}");
    read("transaction", options.topics.transaction, "");
    read("envelope", options.topics.envelope, "");
    if (options.topics.envelope.names("part")) {
      topics.problem("envelope", "must not name {part}: it has the whole record");
    }
    if (!options.topics.transaction.empty() && !options.parts()) {
      topics.problem("transaction", "needs records with parts: name {part} in `record`");
    }
  }
  topics.refuse_others();
}

void read_record(OptionReader& reader, Options& options) {
  options.record = reader.pattern("record", "");
  if (options.record.empty())
    reader.problem("record", "is missing: the pattern of the edits' topics");
  options.key = reader.texts("key");
  if (options.key.empty()) {
    for (const auto& name : options.record.names()) {
      if (name != "part") options.key.push_back(name);
    }
  }
  if (options.key.empty())
    reader.problem("record", "must name a {level} that tells the records apart");
  for (const auto& key : options.key) {
    if (!key.starts_with('/') && !options.record.names(key)) {
      reader.problem("key", "names " + key + ", which `record` does not have");
    }
  }
  auto payload = reader.section("payload");
  options.payload.fields = payload.pointer("fields");
  options.payload.base = payload.pointer("base");
  options.payload.prev = payload.pointer("prev");
  options.payload.kind = payload.pointer("kind");
  payload.refuse_others();
}

void read_wait(OptionReader& reader, bool waits, Options& options) {
  options.waits = waits;
  const bool given = reader.has("wait");
  auto wait = reader.section("wait");
  options.wait_ms_max = wait.duration_ms("at_most", duration_ms_max, day_ms);
  wait.choose("then", lates, options.late);
  options.wait_for = wait.texts("for");
  wait.refuse_others();
  if (given && !waits) reader.problem("wait", "is for `when: reported`");
}

void read_schedule(OptionReader& reader, Options& options) {
  const auto when = reader.text("when", "at once");
  const auto offset = reader.text("utc_offset", "+00:00");
  const auto zone = reader.text("time_zone", "");
  read_wait(reader, when == "reported", options);
  if (when == "at once" || when == "reported") {
    for (const auto* name : {"time_zone", "utc_offset"}) {
      if (reader.has(name)) reader.problem(name, "is for a time of day in `when`");
    }
    return;
  }
  options.batch_minute = minute_of_day(when);
  if (!options.batch_minute) {
    return reader.problem("when", "must be `at once`, `reported` or a time of day as \"01:00\"");
  }
  if (!zone.empty()) {
    if (reader.has("utc_offset")) reader.problem("utc_offset", "is what `time_zone` says");
    const auto named = TimeZone::named(zone);
    if (named) options.zone = *named;
    if (!named) reader.problem("time_zone", "is none that this system knows (package tzdata)");
    return;
  }
  std::optional<int> shift;
  if (offset.size() == 6 && (offset[0] == '+' || offset[0] == '-')) {
    shift = minute_of_day(offset.substr(1));
  }
  if (!shift) return reader.problem("utc_offset", "must be as \"+01:00\"");
  options.zone = TimeZone((offset[0] == '-' ? -*shift : *shift) * 60);
}

void read_history(OptionReader& reader, Options& options) {
  auto history = reader.section("history");
  if (!history.is_none("keep")) {
    options.history_keep_ms = history.duration_ms("keep", duration_ms_max, 365 * day_ms);
  }
  if (!history.is_none("entries")) {
    options.history_entries_max =
        static_cast<std::uint64_t>(history.whole("entries", 1'000, 1'000'000'000, 1'000'000));
  }
  history.refuse_others();
  options.sites = reader.texts("sites");
  options.silent_ms = reader.duration_ms("silent", duration_ms_max, 30 * day_ms);
  if (options.role == Role::authority) return;
  for (const auto* name : {"history", "sites", "silent", "validate"}) {
    if (reader.has(name)) reader.problem(name, "is for the role authority");
  }
}

// What routes have to bring, and must not bring back.
void name_topics(const plugin::Options& raw, const Options& options) {
  using plugin::Direction;
  const auto& topics = options.topics;
  const bool site = options.role == Role::site;
  const Captures own = site ? Captures{{"origin", options.bridge_id}} : Captures{};
  const auto takes = [&](const char* name, const Pattern& pattern, Direction direction,
                         bool needed) {
    if (!pattern.empty()) {
      raw.takes(std::string("/topics/") + name, pattern.filter(own), direction, needed);
    }
  };
  const auto sends = [&](const char* name, const Pattern& pattern, Direction direction,
                         const char* suffix = "") {
    if (pattern.empty()) return;
    raw.sends(std::string("/topics/") + name, pattern.filter(own) + suffix, direction, true,
              options.lane);
  };
  raw.takes("/record", options.record.filter(), Direction::up, true);
  if (site) {
    raw.sends("/record", options.record.filter(), Direction::up, true, options.lane);
    takes("canonical", topics.canonical, Direction::down, true);
    takes("verdict", topics.verdict, Direction::down, true);
    sends("view", topics.view, Direction::down);
    sends("mark", topics.mark, Direction::up);
    sends("verdict", topics.verdict, Direction::down);
    if (!topics.mark.empty()) {
      raw.takes("/topics/mark", topics.mark.filter(own) + "/ask", Direction::down, false);
    }
    if (topics.clock.empty()) return;
    raw.takes("/topics/clock", topics.clock.filter(own) + "/answer", Direction::down, true);
    sends("clock", topics.clock, Direction::up);
    return;
  }
  takes("clock", topics.clock, Direction::up, true);
  takes("mark", topics.mark, Direction::up, true);
  sends("canonical", topics.canonical, Direction::down);
  sends("verdict", topics.verdict, Direction::down);
  sends("conflict", topics.conflict, Direction::down);
  sends("pending", topics.pending, Direction::down);
  sends("history", topics.history, Direction::down);
  sends("transaction", topics.transaction, Direction::down);
  sends("envelope", topics.envelope, Direction::down);
  sends("clock", topics.clock, Direction::down, "/answer");
  if (options.waits) sends("mark", topics.mark, Direction::down, "/ask");
}

}  // namespace

std::string_view word(Rule rule) {
  const auto* found = std::find_if(std::begin(rules), std::end(rules),
                                   [&](const auto& one) { return one.value == rule; });
  return found->word;
}

Rule Options::rule_of(std::string_view unit) const {
  auto found = rules.find(unit);
  if (found == rules.end() && parts() && !groups.contains(unit)) {
    const auto slash = unit.find('/');
    found = rules.find(unit.substr(slash + 1));
    if (found == rules.end()) found = rules.find(std::string(unit.substr(0, slash)) + "/*");
  }
  if (found == rules.end()) found = rules.find("*");
  return found == rules.end() ? Rule::newest : found->second;
}

Options read_options(const plugin::Options& raw) {
  Options options;
  options.bridge_id = raw.bridge_id();
  OptionReader reader(raw);
  reader.choose("role", roles, options.role);
  read_record(reader, options);
  reader.choose("strategy", strategies, options.strategy);
  reader.choose("detect", detects, options.detect);
  reader.choose("order", orders, options.order);
  reader.choose("deletes", deletes, options.deletes);
  reader.choose("on_ambiguous", ambiguous, options.on_ambiguous);
  reader.choose("on_stale", stale, options.on_stale);
  reader.choose("view", views, options.view);
  read_schedule(reader, options);
  options.clock_guard_ms = reader.duration_ms("clock_guard", duration_ms_max, 60'000);
  options.lane = reader.text("lane", "");
  read_fields(reader, options);
  read_match(reader, options);
  options.validate = read_field_rules(reader);
  for (const auto& [name, rules] : options.validate) {
    if (!options.groups.contains(name)) continue;
    reader.section("validate").problem(name, "is a group: rules are for its members");
  }
  read_history(reader, options);
  read_topics(reader, options);
  reader.refuse_others();
  if (options.waits && options.topics.mark.empty()) {
    reader.problem("when", "reported needs `topics.mark`, where the sites report");
  }
  if (options.role == Role::site &&
      (options.batch_minute || options.waits || !options.insert_match.empty())) {
    reader.problem("role",
                   "must be authority for `when` and `insert_match`: a site decides nothing");
  }
  if (options.strategy == Strategy::expected_version && options.detect == Detect::none) {
    reader.problem("detect", "cannot be none with expected-version, which is a check of versions");
  }
  if (!raw.wrong()) name_topics(raw, options);
  return options;
}

}  // namespace bascule::conflict
