#include "fleet/fleet.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "message/own.hpp"
#include "text/time.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

using nlohmann::json;

constexpr std::int64_t lately_ms = 24 * 3'600'000;
constexpr std::int64_t long_s = 3'600;  // that something waits at a site that is online
constexpr std::uint64_t count_max = std::uint64_t{1} << 53;
constexpr std::size_t text_max = 200;
constexpr const char* counts[] = {"backlog", "oldest_s", "held", "lost", "quarantined", "cases"};

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

// bascule/{id}/{what}, as own_topic() makes it; nothing: no bridge does.
std::optional<std::pair<std::string, std::string>> parts_of(std::string_view topic) {
  const std::size_t id = topic.find('/') + 1, what = topic.find('/', id) + 1;
  if (id == 0 || what == 0) return std::nullopt;
  std::string name(topic.substr(id, what - id - 1));
  std::ranges::replace(name, '~', '.');
  std::string kind(topic.substr(what));
  if (!is_id(name) || own_topic(name, kind) != topic) return std::nullopt;
  return std::pair{std::move(name), std::move(kind)};
}

bool is_count(const json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= count_max;
}

std::string text_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>().substr(0, text_max)
                                                     : "";
}

// As a bridge writes it.
std::optional<std::int64_t> time_in(const json& object, const char* name) {
  const std::string text = text_in(object, name);
  const bool plain = text.find_first_not_of("0123456789-T:Z") == std::string::npos;
  return plain && text.size() <= 20 ? parse_time(text) : std::nullopt;
}

// Of a summary what is known here; null: it is none.
json checked(const json& said) {
  if (!said.is_object()) return {};
  json known;
  for (const char* name : counts) {
    if (!said.contains(name) || !is_count(said[name])) return {};
    known[name] = said[name];
  }
  for (const char* name : {"slow", "full"}) {
    if (!said.contains(name) || !said[name].is_boolean()) return {};
    known[name] = said[name];
  }
  known["version"] = text_in(said, "version");
  for (const char* name : {"at", "lost_at"}) {
    const auto at = time_in(said, name);
    known[name] = at ? json(utc_text(*at)) : json();
  }
  return known;
}

std::string messages(const json& summary, const char* name, const char* what) {
  const auto count = summary[name].get<std::uint64_t>();
  return std::to_string(count) + (count == 1 ? " message " : " messages ") + what;
}

}  // namespace

void Fleet::recall(const std::vector<SiteState>& states) {
  for (const SiteState& state : states) {
    Site* const known = site(state.site);
    if (known == nullptr) continue;
    known->online = state.online;
    known->since_ms = state.since_ms;
  }
}

Fleet::Site* Fleet::site(const std::string& id) {
  const auto found = sites_.find(id);
  if (found != sites_.end()) return &found->second;
  if (sites_.size() == sites_max) {
    ++left_out_;
    return nullptr;
  }
  return &sites_[id];
}

bool Fleet::hear(std::string_view topic, std::string_view payload, std::int64_t now_ms) {
  const auto parts = parts_of(topic);
  if (parts && parts->first == own_id_) return true;
  const bool taken = parts && payload.size() <= payload_bytes_max && [&] {
    const auto& [id, kind] = *parts;
    if (kind == "state") return hear_state(id, payload, now_ms);
    Site* const known = site(id);
    if (known == nullptr) return true;  // counted as left out
    return kind == "summary" ? hear_summary(*known, payload, now_ms)
                             : kind == "events" && hear_event(*known, payload);
  }();
  if (!taken) ++refused_;
  return taken;
}

bool Fleet::hear_state(const std::string& id, std::string_view payload, std::int64_t now_ms) {
  if (payload.empty()) {
    if (sites_.erase(id) > 0 && on_forgotten) on_forgotten(id);
    return true;
  }
  if (payload != state_online && payload != state_offline) return false;
  Site* const known = site(id);
  if (known == nullptr) return true;
  known->known = true;
  const bool online = payload == state_online;
  if (known->since_ms != 0 && known->online == online) return true;
  known->online = online;
  known->since_ms = now_ms;
  if (on_state) on_state({id, online, now_ms});
  return true;
}

bool Fleet::hear_summary(Site& site, std::string_view payload, std::int64_t now_ms) {
  if (payload.empty()) {
    site.summary = {};
    return true;
  }
  json summary = checked(json::parse(payload, nullptr, false));
  if (summary.is_null()) return false;
  if (!summary["slow"].get<bool>())
    site.slow_since_ms = 0;
  else if (site.slow_since_ms == 0)
    site.slow_since_ms = now_ms;
  if (!summary["full"].get<bool>()) site.full.clear();
  site.summary = std::move(summary);
  return true;
}

bool Fleet::hear_event(Site& site, std::string_view payload) {
  const json event = json::parse(payload, nullptr, false);
  if (!event.is_object()) return false;
  const std::string name = text_in(event, "event");
  if (name == "paused" && text_in(event, "link") == "central") site.paused = text_in(event, "by");
  if (name == "resumed" && text_in(event, "link") == "central") site.paused.clear();
  if (name == "journal_paused") site.full = text_in(event, "reason");
  if (name == "journal_resumed") site.full.clear();
  return !name.empty();
}

// With how urgent each is.
std::vector<std::pair<int, std::string>> Fleet::needs(const Site& site, std::int64_t now_ms) {
  std::vector<std::pair<int, std::string>> needs;
  const auto say = [&](int urgency, std::string text) {
    needs.emplace_back(urgency, std::move(text));
  };
  if (!site.online) {
    say(1'000,
        site.paused.empty() ? "it is not connected" : "its link is paused by " + site.paused);
  }
  const json& summary = site.summary;
  const auto has = [&](const char* name) {
    return !summary.is_null() && summary[name].get<std::uint64_t>() > 0;
  };
  if (!site.full.empty())
    say(500, "its journal takes nothing in: " + site.full);
  else if (!summary.is_null() && summary["full"].get<bool>())
    say(500, "its journal is full");
  if (has("lost") && !summary["lost_at"].is_null()) {
    const auto at = parse_time(summary["lost_at"].get<std::string>()).value_or(0);
    if (now_ms - at < lately_ms) say(200, messages(summary, "lost", "lost, some within a day"));
  }
  if (site.online && site.slow_since_ms != 0) say(100, "its line is slow");
  if (site.online && has("oldest_s") && summary["oldest_s"].get<std::int64_t>() >= long_s) {
    say(100, "messages wait for " + span_text(summary["oldest_s"].get<double>()));
  }
  if (has("held")) say(50, messages(summary, "held", "held: the broker refuses their topics"));
  if (has("quarantined")) say(20, messages(summary, "quarantined", "quarantined"));
  if (has("cases")) {
    const auto cases = summary["cases"].get<std::uint64_t>();
    say(10, std::to_string(cases) + (cases == 1 ? " case waits" : " cases wait") + " for a person");
  }
  return needs;
}

json Fleet::report(std::int64_t now_ms) const {
  struct Row {
    int urgency;
    std::int64_t since_ms;
    json site;
  };
  std::vector<Row> rows;
  for (const auto& [id, site] : sites_) {
    if (!site.known) continue;
    const bool slow = site.online && site.slow_since_ms != 0;
    const std::int64_t since_ms = slow ? site.slow_since_ms : site.since_ms;
    const auto said = [&, &summary = site.summary](const char* name) {
      return summary.is_null() ? json() : summary[name];
    };
    Row row{0, since_ms, {}};
    json texts = json::array();
    for (auto& [urgency, text] : needs(site, now_ms)) {
      row.urgency += urgency;
      texts.push_back(std::move(text));
    }
    row.site = {{"site", id},
                {"state", !site.online ? "offline"
                          : slow       ? "slow"
                                       : "online"},
                {"since", utc_text(since_ms)},
                {"backlog", said("backlog")},
                {"oldest", said("oldest_s")},
                {"held", said("held")},
                {"lost", said("lost")},
                {"lost_at", said("lost_at")},
                {"quarantined", said("quarantined")},
                {"cases", said("cases")},
                {"version", said("version")},
                {"as_of", said("at")},
                {"needs", std::move(texts)}};
    rows.push_back(std::move(row));
  }
  std::ranges::stable_sort(rows, [](const Row& a, const Row& b) {
    return std::tuple(-a.urgency, a.since_ms) < std::tuple(-b.urgency, b.since_ms);
  });
  json sites = json::array();
  for (Row& row : rows) sites.push_back(std::move(row.site));
  return {{"sites", std::move(sites)}, {"refused", refused_}, {"left_out", left_out_}};
}

}  // namespace bascule
