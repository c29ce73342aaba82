#include "control/acknowledge.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "journal/salvage/incidents.hpp"
#include "log.hpp"
#include "text/time.hpp"

namespace bascule {

using nlohmann::json;

namespace {

json acknowledge_journal(const std::string& data_dir, const std::string& by) {
  json list = json::array();
  const json incidents = read_incidents(data_dir);
  for (const char* what : {"salvaged", "moved"}) {
    json incident = incidents.at(what);
    if (incident.is_null() || incident.value("acknowledged", false)) continue;
    incident["acknowledged"] = true;
    write_incident(data_dir, what, incident);
    list.push_back(
        {{"link", "journal"}, {"last", utc_text(incident.value("at_ms", std::int64_t{0}))}});
    LogFields fields{{"event", "acknowledged"}, {"link", "journal"}, {"by", by}};
    spdlog::info("journal: that it was {} is acknowledged by {}", what,
                 by.empty() ? "a command" : by);
  }
  return {{"acknowledged", std::move(list)}};
}

}  // namespace

json acknowledge(const Stages& stages, const Query& query) {
  const std::string link = query.required("link");
  if (link == "journal") {
    return acknowledge_journal(stages.config.data_dir, query.text("by").value_or(""));
  }
  if (link != "site" && link != "central") {
    throw std::invalid_argument("there is no link '" + link + "': say site, central or journal");
  }
  if (link == "central" && stages.central == nullptr) {
    throw std::invalid_argument("this bridge has no central broker; its one link is site");
  }
  const Direction out = link == "central" ? Direction::up : Direction::down;
  json list = json::array();
  stages.journal.change([&](JournalCore& core) {
    MetaTable& meta = core.store().meta();
    Forgotten forgotten = meta.forgotten(out);
    Expired expired = meta.expired(out);
    const bool lost = forgotten.last_ms != 0 && !forgotten.acknowledged();
    const bool ended = expired.last_ms != 0 && !expired.acknowledged();
    if (!lost && !ended) return;
    forgotten.acknowledged_ms = forgotten.last_ms;
    expired.acknowledged_ms = expired.last_ms;
    if (lost) core.change().meta().save_forgotten(out, forgotten);
    if (ended) core.change().meta().save_expired(out, expired);
    list.push_back(
        {{"link", link},
         {"last", utc_text(std::max(lost ? forgotten.last_ms : 0, ended ? expired.last_ms : 0))}});
  });
  const std::string by = query.text("by").value_or("");
  if (!list.empty()) {
    LogFields fields{{"event", "acknowledged"}, {"link", link}, {"by", by}};
    spdlog::info("link {}: that its broker had forgotten is acknowledged by {}", link,
                 by.empty() ? "a command" : by);
  }
  return {{"acknowledged", std::move(list)}};
}

}  // namespace bascule
