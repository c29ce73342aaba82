// The daemon's state as JSON: what `status --json` prints, with the names of the contract.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "changes.hpp"
#include "crossing/retained_comparison.hpp"
#include "forwarder/forwarder.hpp"
#include "journal/core.hpp"
#include "link/link.hpp"
#include "message/per_direction.hpp"
#include "policy/host.hpp"
#include "route/route.hpp"

namespace bascule {

// What became of the subscription that a route needs. `state`: subscribed, asking, refused,
// unanswered, or offline while the link is.
struct RouteReport {
  std::string name;
  Direction direction = Direction::up;
  std::string filter;
  std::string state;
  std::string why;  // empty: nothing to say
};

// What `routes` come to on a link of this status.
std::vector<RouteReport> route_reports(const std::vector<Route>& routes, Direction direction,
                                       std::string_view bridge_id, const LinkStatus& link);

struct StatusParts {
  std::string bridge;
  std::int64_t uptime_ms = 0;
  std::string sync;                                           // of the journal: full or normal
  std::uint64_t max_bytes = 0;                                // of the journal
  std::uint64_t min_free_bytes = 0;                           // of its file system, for others
  std::optional<std::uint64_t> written_bytes = std::nullopt;  // to disks, since the start
  std::uint64_t endurance_bytes = 0;                          // of its flash; 0: not told
  std::optional<unsigned> flash_used_percent = std::nullopt;  // of its life, at the most
  JournalReport journal;
  LinkStatus site;
  std::optional<LinkStatus> central;  // nothing at a hub
  RetainedStatus site_retained, central_retained;
  std::vector<PolicyReport> policies;
  std::vector<RouteReport> routes;
  std::vector<Orphan> orphans;
  PerDirection<std::map<std::string, LaneStatus>> lanes;  // by name
};

nlohmann::json status_report(const StatusParts& parts);

// As `policies` of the status:
//   [{"name", "plugin", "version", "waits_for" (null: nothing but inputs), "cases" (open),
//     "failed" (attempts, since the start), "up": {"decided", "quarantined", "backlog"}, "down":
//     {…}}]
nlohmann::json policies_report(const std::vector<PolicyReport>& policies);

}  // namespace bascule
