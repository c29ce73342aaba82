// The daemon's state as JSON: what `status --json` prints, with the names of the contract.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "journal/core.hpp"
#include "link/link.hpp"

namespace bascule {

struct StatusParts {
  std::string bridge;
  std::int64_t uptime_ms = 0;
  std::string sync;  // of the journal: full or normal
  JournalReport journal;
  LinkStatus site, central;
  std::map<std::string, std::uint64_t> in_flight[2];  // by direction, by lane
};

nlohmann::json status_report(const StatusParts& parts);

}  // namespace bascule
