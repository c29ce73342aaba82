// The daemon's state for Prometheus, in its text format.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bascule {

inline constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

// `status`: of status_report(). Labels are bounded by the configuration: links, lanes, routes,
// policies, directions; no topic is one. Counters are those of the journal: they go on over a
// restart, and begin anew with another journal, whose epoch bascule_info names.
std::string metrics_text(const nlohmann::json& status);

}  // namespace bascule
