#include "oversell/options/options.hpp"

#include <algorithm>

#include "sdk/option_reader.hpp"

namespace bascule::oversell {

namespace {

constexpr std::int64_t day_ms = 86'400'000;

constexpr Word<Role> roles[]{{"site", Role::site}, {"authority", Role::authority}};
constexpr Word<Forecast> forecasts[]{{"poisson", Forecast::poisson},
                                     {"negative-binomial", Forecast::negative_binomial}};
constexpr Word<bool> offline[]{{"decide", true}, {"refuse", false}};
constexpr Word<Quota> quotas[]{
    {"off", Quota::off}, {"soft", Quota::soft}, {"strict", Quota::strict}};
constexpr Word<plugin::Direction> directions[]{{"down", plugin::Direction::down},
                                               {"up", plugin::Direction::up}};

SiteSettings read_site(OptionReader& reader, SiteSettings settings) {
  auto& rules = settings.rules;
  if (reader.is_none("window", "off")) {
    rules.window_s.reset();
  } else {
    const auto otherwise = rules.window_s.value_or(3600) * 1000;
    if (reader.has("window") || rules.window_s) {
      rules.window_s = reader.duration_ms("window", 365 * day_ms, otherwise) / 1000;
    }
  }
  if (reader.is_none("min_remaining_bp", "off")) {
    rules.min_remaining_bp.reset();
  } else if (reader.has("min_remaining_bp")) {
    rules.min_remaining_bp = reader.whole("min_remaining_bp", 0, 10'000, 1000);
  }
  if (reader.is_none("min_confidence", "off")) {
    rules.min_confidence.reset();
  } else if (const auto value = reader.number("min_confidence", 0, 1)) {
    rules.min_confidence = value;
  }
  const auto value = reader.number("value", 0, 1e12);
  const auto penalty = reader.number("penalty", 0, 1e12);
  if (value.has_value() != penalty.has_value()) {
    reader.problem(value ? "value" : "penalty", "has a sense only with both value and penalty");
  } else if (value && *value + *penalty <= 0) {
    reader.problem("value", "must not be 0 together with penalty");
  } else if (value) {
    rules.stake = Stake{*value, *penalty};
  }
  reader.choose("forecast", forecasts, rules.forecast);
  if (const auto rate = reader.number("rate_per_hour", 0, 1e9)) {
    rules.rate_per_hour = rate;
    if (rules.forecast != Forecast::poisson) {
      reader.problem("rate_per_hour",
                     "takes forecast: poisson; the negative binomial goes by "
                     "what was watched");
    }
  }
  settings.watch_s = reader.duration_ms("watch", 30 * day_ms, settings.watch_s * 1000) / 1000;
  if (settings.watch_s < 60) reader.problem("watch", "must be a minute or more");
  reader.choose("offline", offline, settings.sells_offline);
  return settings;
}

AuthoritySettings read_authority(OptionReader& reader, AuthoritySettings settings) {
  reader.choose("quota", quotas, settings.quota);
  settings.reserve_bp = reader.whole("reserve_bp", 0, 10'000, settings.reserve_bp);
  if (reader.has("weights")) settings.weights.clear();
  reader.members("weights", [&](const std::string& site, OptionReader weight) {
    settings.weights[site] = weight.whole("", 0, 1'000'000, 0);
  });
  settings.overbooking = reader.whole("overbooking", 0, quantity_max, settings.overbooking);
  settings.hold_window_s =
      reader.duration_ms("hold_window", 30 * day_ms, settings.hold_window_s * 1000) / 1000;
  settings.override_window_s =
      reader.duration_ms("override_window", 30 * day_ms, settings.override_window_s * 1000) / 1000;
  return settings;
}

void read_topics(OptionReader reader, Options& options) {
  auto& topics = options.topics;
  std::map<std::string, std::string> seen;
  const auto read = [&](const char* name, Pattern& pattern, std::string_view otherwise,
                        std::initializer_list<const char*> names) {
    pattern = reader.pattern(name, otherwise, OptionReader::Levels::named);
    Captures marks;
    for (const auto& used : pattern.names()) marks[used] = "{}";
    for (const auto* wanted : names) {
      if (!pattern.names(wanted)) {
        reader.problem(name, "must name {" + std::string(wanted) + "}");
      }
    }
    const auto [same, fresh] = seen.emplace(pattern.fill(marks), name);
    if (!fresh) reader.problem(name, "is the same topic as " + same->second);
  };
  const bool site = options.role == Role::site;
  read("ops", topics.ops, "oversell/ops/{site}", {"site"});
  read("inbox", topics.inbox, "oversell/inbox/{site}", {"site"});
  read("snapshot", topics.snapshot, "oversell/item/{item}", {"item"});
  read("alive", topics.alive, "oversell/alive", {});
  read("request", topics.request, "seats/{item}/request", {"item"});
  read("reply", topics.reply, "seats/{item}/reply", {"item"});
  read("sold", topics.sold, "seats/{item}/sold", {"item"});
  read("available", topics.available, "seats/{item}/available", {"item"});
  read("staff", topics.staff, site ? "seats/{item}/staff" : "oversell/staff/{item}", {"item"});
  read("badge", topics.badge, site ? "seats/{item}/badge" : "oversell/badge/{item}", {"item"});
  if (site) {
    read("transfer", topics.transfer, "seats/{item}/transfer", {"item"});
    read("availability", topics.availability, "seats/{item}/availability", {"item"});
  } else {
    read("capacity", topics.capacity, "seats/{item}/capacity", {"item"});
    read("reclaim", topics.reclaim, "oversell/reclaim/{item}", {"item"});
    read("call", topics.call, "oversell/call/{item}", {"item"});
    read("freed", topics.freed, "oversell/freed/{item}", {"item"});
    read("stats", topics.stats, "oversell/stats/{item}", {"item"});
    read("sales", topics.sales, "oversell/sales/{item}", {"item"});
  }
  reader.refuse_others(site ? "is no topic of a site" : "is no topic of the authority");
  for (const auto& used : topics.reply.names()) {
    if (!topics.request.names(used)) {
      reader.problem("reply", "names {" + used + "}, which request does not");
    }
  }
  const auto only = [&](const char* name, const Pattern& pattern,
                        std::initializer_list<std::string_view> names) {
    for (const auto& used : pattern.names()) {
      bool known = false;
      for (const auto word : names) known = known || word == used;
      if (!known) reader.problem(name, "names {" + used + "}, which has no value there");
    }
  };
  only("ops", topics.ops, {"site"});
  only("inbox", topics.inbox, {"site"});
  only("snapshot", topics.snapshot, {"item"});
  only("alive", topics.alive, {});
  only("staff", topics.staff, {"item", "site"});
  only("badge", topics.badge, {"item", "site"});
  only("availability", topics.availability, {"item"});
  only("call", topics.call, {"item", "site"});
  only("freed", topics.freed, {"item", "site"});
  only("stats", topics.stats, {"item"});
  only("sales", topics.sales, {"item", "site"});
}

// What routes have to bring, and must not bring back.
void name_topics(const plugin::Options& raw, const Options& options) {
  using plugin::Direction;
  const auto& topics = options.topics;
  const bool site = options.role == Role::site;
  const auto to_sites = site ? Direction::down : options.towards_sites;
  const auto from_sites = to_sites == Direction::down ? Direction::up : Direction::down;
  const Captures own = site ? Captures{{"site", options.bridge_id}} : Captures{};
  const auto takes = [&](const char* name, const Pattern& pattern, Direction direction,
                         bool needed) {
    raw.takes(std::string("/topics/") + name, pattern.filter(own), direction, needed);
  };
  const auto sends = [&](const char* name, const Pattern& pattern, Direction direction,
                         bool needed) {
    raw.sends(std::string("/topics/") + name, pattern.filter(own), direction, needed);
  };
  for (const auto direction : {Direction::up, Direction::down}) {
    if (!site || direction == Direction::up) {
      takes("request", topics.request, direction, false);
      sends("reply", topics.reply, direction == Direction::up ? Direction::down : Direction::up,
            false);
    }
    takes("sold", topics.sold, direction, false);
    takes("available", topics.available, direction, false);
    if (!site) takes("reclaim", topics.reclaim, direction, false);
  }
  if (site) {
    takes("transfer", topics.transfer, Direction::up, false);
    takes("inbox", topics.inbox, Direction::down, true);
    takes("snapshot", topics.snapshot, Direction::down, true);
    takes("alive", topics.alive, Direction::down, true);
    sends("ops", topics.ops, Direction::up, true);
    sends("availability", topics.availability, Direction::down, false);
  } else {
    takes("ops", topics.ops, from_sites, true);
    takes("capacity", topics.capacity, from_sites, options.authority_items.empty());
    takes("capacity", topics.capacity, to_sites, false);
    sends("inbox", topics.inbox, to_sites, true);
    sends("snapshot", topics.snapshot, to_sites, true);
    sends("alive", topics.alive, to_sites, false);
    sends("call", topics.call, to_sites, true);
    sends("freed", topics.freed, to_sites, true);
    sends("stats", topics.stats, to_sites, false);
    sends("sales", topics.sales, to_sites, true);
  }
  sends("staff", topics.staff, to_sites, true);
  sends("badge", topics.badge, to_sites, true);
}

// FNV-1a. It is kept in the state, so it is the same everywhere.
std::string digest(const std::map<std::string, AuthoritySettings, std::less<>>& items) {
  std::uint64_t hash = 14695981039346656037U;
  for (const auto& [name, settings] : items) {
    for (const char c : settings.capacity ? name + "/" : "") {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
  }
  return std::to_string(hash);
}

}  // namespace

Options read_options(const plugin::Options& raw) {
  Options options;
  options.bridge_id = raw.bridge_id();
  OptionReader reader(raw);
  if (!reader.has("role")) reader.problem("", "must have a role: site or authority");
  reader.choose("role", roles, options.role);
  const bool site = options.role == Role::site;
  const std::string_view not_here =
      site ? "is not an option of role: site" : "is not an option of role: authority";
  if (site) {
    options.answer_timeout_ms = reader.duration_ms("answer_timeout", 600'000, 2000);
    if (options.answer_timeout_ms < 1) reader.problem("answer_timeout", "must not be 0");
    options.site = read_site(reader, {});
  } else {
    options.heartbeat_s = reader.duration_ms("heartbeat", day_ms, 30'000) / 1000;
    if (options.heartbeat_s < 1) reader.problem("heartbeat", "must be a second or more");
    options.remember_s = reader.duration_ms("remember", 3650 * day_ms, 30 * day_ms) / 1000;
    reader.choose("towards_sites", directions, options.towards_sites);
    options.authority = read_authority(reader, {});
  }
  reader.members("items", [&](const std::string& item, OptionReader settings) {
    if (!settings.must_be_section()) return;
    if (site) {
      options.site_items.emplace(item, read_site(settings, options.site));
    } else {
      auto read = read_authority(settings, options.authority);
      if (settings.has("capacity")) read.capacity = settings.whole("capacity", 0, quantity_max, 0);
      options.authority_items.emplace(item, std::move(read));
    }
    settings.refuse_others(not_here);
  });
  options.items_digest = digest(options.authority_items);
  auto longest = options.authority.override_window_s;
  for (const auto& [item, settings] : options.authority_items) {
    longest = std::max(longest, settings.override_window_s);
  }
  if (!site && options.remember_s <= longest) {
    reader.problem("remember", "must be longer than every override_window");
  }
  read_topics(reader.section("topics"), options);
  reader.refuse_others(not_here);
  if (!raw.wrong()) name_topics(raw, options);
  return options;
}

}  // namespace bascule::oversell
