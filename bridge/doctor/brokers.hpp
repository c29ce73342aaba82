// Both brokers of a configuration, spoken to as the bridge speaks to them.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "config/config.hpp"
#include "doctor/finding.hpp"

namespace bascule {

enum class ProbeTopics : std::uint8_t { never, publish };

// What a daemon says that answers for this configuration on this machine.
struct OwnBridge {
  std::string epoch;         // of its journal; empty: none answers
  std::set<std::string> up;  // links that are
  std::string unknown;       // why it is not known whether one runs; empty: it is
  bool has_journal = false;  // one has run here before
};

// Connects to both under client ids of its own. Publishes below
// bascule/{id}/doctor alone, and
// clears that; with ProbeTopics::publish also one message to each target of a route.
void check_brokers(const BridgeConfig& config, const OwnBridge& own, ProbeTopics probe,
                   const Tell& tell);

// The part of it that depends on nothing but its arguments: whether another bridge with the id is
// at this broker, by what is retained there: `state`, and the `epoch` of a bookmark; empty: nothing
// is. `where`: site or central.
Finding check_id(const std::string& where, const std::string& id, const std::string& state,
                 const std::string& epoch, const OwnBridge& own);

}  // namespace bascule
