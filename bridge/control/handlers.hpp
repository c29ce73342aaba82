// What the control server of a daemon can be asked: what each path answers, or does, by its stages.
#pragma once

#include <cstdint>

#include "config/config.hpp"
#include "control/http/server.hpp"
#include "crossing/crossing.hpp"
#include "fleet/fleet_link.hpp"
#include "history/recorder.hpp"
#include "journal/journal.hpp"
#include "policy/host.hpp"

namespace bascule {

// What is asked about, and changed, from outside. All of it outlives the server.
struct Stages {
  const BridgeConfig& config;
  Journal& journal;
  PolicyHost& policies;
  Crossing& site;
  Crossing* central;  // null: a hub
  FleetLink* fleet;   // null: no hub
  const HistoryRecorder& history;
  Events& events;
  std::int64_t started_ms;  // the process, in boot time
};

class PauseDesk;

// They run on the server's threads, several at a time. `pauses` outlives the server, too.
ControlApi control_api(const Stages& stages, PauseDesk& pauses);

}  // namespace bascule
