#include "control/handlers.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "changes.hpp"
#include "clock.hpp"
#include "control/acknowledge.hpp"
#include "control/lane_changes.hpp"
#include "control/pauses.hpp"
#include "control/query/changes_query.hpp"
#include "control/query/history_query.hpp"
#include "control/query/policy_queries.hpp"
#include "control/query/quarantine_queries.hpp"
#include "control/query/queries.hpp"
#include "control/report/disk_writes.hpp"
#include "control/report/faults.hpp"
#include "control/report/metrics.hpp"
#include "control/report/report.hpp"
#include "control/report/wear_watch.hpp"
#include "journal/backlog/retention.hpp"
#include "journal/salvage/incidents.hpp"

namespace bascule {
namespace {

void add_policy_handlers(ControlHandlers& handlers, const Stages& stages) {
  handlers["GET /v1/policies"] = [stages](const Query&) {
    std::vector<PolicyReport> reports;
    stages.journal.inspect([&](JournalCore& core) { reports = stages.policies.report(core); });
    return nlohmann::json{{"policies", policies_report(reports)}};
  };
  handlers["GET /v1/policies/ask"] = [stages](const Query& query) {
    nlohmann::json answer;
    stages.journal.inspect([&](JournalCore& core) {
      answer = stages.policies.ask(core, query.required("policy"), query.required("what"),
                                   query.text("about").value_or("{}"));
    });
    return answer;
  };
  handlers["POST /v1/policies/request"] = [stages](const Query& query) {
    std::uint64_t number = 0;
    stages.journal.change([&](JournalCore& core) {
      number = stages.policies.request(core, query.required("policy"), query.required("what"),
                                       query.required("about"));
    });
    return nlohmann::json{{"direction", "down"}, {"number", number}};
  };
  handlers["POST /v1/cases/resolve"] = [stages](const Query& query) {
    const auto number = static_cast<std::int64_t>(query.number("number", 0));
    const std::string choose = query.required("choose");
    stages.journal.change([&](JournalCore& core) {
      stages.policies.resolve(
          core, number, {choose, query.text("data").value_or(""), query.text("by").value_or("")});
    });
    return nlohmann::json{{"number", number}, {"choose", choose}};
  };
}

StatusParts status_parts(const Stages& stages, WearWatch& wear) {
  StatusParts parts;
  parts.bridge = stages.config.id;
  parts.uptime_ms = boottime_ms() - stages.started_ms;
  parts.sync = word_of(sync_words, stages.config.journal.sync);
  parts.max_bytes = stages.config.journal.max_size_bytes;
  parts.min_free_bytes = std::max(stages.config.journal.min_free_bytes, drain_bytes);
  parts.written_bytes = disk_bytes_written();
  parts.endurance_bytes = stages.config.journal.endurance_bytes;
  parts.flash_used_percent = wear.used_percent(boottime_ms());
  parts.journal = stages.journal.report();
  if (!stages.config.policies.empty() && parts.journal.trouble.empty()) {
    stages.journal.inspect(
        [&](JournalCore& core) { parts.policies = stages.policies.report(core); });
  }
  parts.orphans = orphans(parts.journal, changed_file(stages.config));
  parts.site = stages.site.status();
  parts.site_retained = stages.site.retained();
  parts.lanes[Direction::down] = stages.site.lanes();
  if (stages.central != nullptr) {
    parts.central = stages.central->status();
    parts.central_retained = stages.central->retained();
    parts.lanes[Direction::up] = stages.central->lanes();
  }
  const auto& config = stages.config;
  parts.routes = route_reports(config.routes, Direction::up, config.id, parts.site);
  for (RouteReport& route : route_reports(config.routes, Direction::down, config.id,
                                          parts.central.value_or(parts.site))) {
    parts.routes.push_back(std::move(route));
  }
  return parts;
}

nlohmann::json whole_status(const Stages& stages, WearWatch& wear) {
  nlohmann::json status = status_report(status_parts(stages, wear));
  const nlohmann::json incidents = read_incidents(stages.config.data_dir);
  status["journal"]["salvaged"] = salvage_report(incidents.at("salvaged"));
  status["journal"]["moved"] = moved_report(incidents.at("moved"));
  return status;
}

}  // namespace

ControlApi control_api(const Stages& stages, PauseDesk& pauses) {
  ControlHandlers handlers;
  const auto wear = std::make_shared<WearWatch>(stages.config.data_dir);
  handlers["GET /v1/status"] = [stages, wear](const Query&) { return whole_status(stages, *wear); };
  handlers["GET /v1/fleet"] = [stages](const Query&) {
    if (stages.fleet == nullptr) {
      throw std::invalid_argument(
          "this bridge is no hub: it has a central broker; ask the hub there");
    }
    return stages.fleet->report();
  };
  handlers["GET /v1/history"] = [stages](const Query& query) {
    nlohmann::json answer;
    stages.journal.inspect(
        [&](JournalCore& core) { answer = history_answer(core, stages.history, query, now()); });
    return answer;
  };
  const auto from_journal = [&](const char* question) {
    handlers[std::string("GET ") + question] = [stages, question](const Query& query) {
      nlohmann::json answer;
      stages.journal.inspect([&](JournalCore& core) {
        answer = journal_query(core, stages.config.data_dir, question, query);
      });
      return answer;
    };
  };
  for (const char* question : journal_questions) from_journal(question);
  for (const char* question : policy_questions) from_journal(question);
  from_journal(changes_question);
  const Quarantine::Routed routed = [stages](const QuarantineEntry& entry, std::string& bytes) {
    const Message message{entry.topic, entry.payload, entry.properties, entry.qos, entry.retain};
    const bool up = entry.direction == Direction::up || stages.central == nullptr;
    return (up ? stages.site : *stages.central).rerouted(message, bytes);
  };
  for (const char* change : quarantine_changes) {
    handlers[std::string("POST ") + change] = [stages, change, routed](const Query& query) {
      nlohmann::json answer;
      stages.journal.change(
          [&](JournalCore& core) { answer = quarantine_change(core, change, query, routed); });
      return answer;
    };
  }
  handlers["POST /v1/journal/replay"] = [stages](const Query& query) {
    return replay_lane(stages, query);
  };
  handlers["POST /v1/journal/quarantine/add"] = [stages](const Query& query) {
    return set_aside(stages, query);
  };
  add_policy_handlers(handlers, stages);
  handlers["POST /v1/pause"] = [&pauses](const Query& query) { return pauses.pause(query); };
  handlers["POST /v1/resume"] = [&pauses](const Query& query) { return pauses.resume(query); };
  handlers["POST /v1/acknowledge"] = [stages](const Query& query) {
    return acknowledge(stages, query);
  };
  ControlTextHandlers texts;
  texts["GET /metrics"] = [stages, wear](const Query&) {
    return ControlText{metrics_type, metrics_text(whole_status(stages, *wear))};
  };
  return {std::move(handlers), std::move(texts)};
}

}  // namespace bascule
