// Both brokers of a configuration, spoken to as the bridge speaks to them.
#pragma once

#include <cstdint>

#include "config/config.hpp"
#include "doctor/finding.hpp"

namespace bascule {

enum class ProbeTopics : std::uint8_t { never, publish };

// Connects to both under client ids of its own. Publishes below
// bascule/{id}/doctor alone, and
// clears that; with ProbeTopics::publish also one message to each target of a route.
void check_brokers(const BridgeConfig& config, ProbeTopics probe, const Tell& tell);

}  // namespace bascule
