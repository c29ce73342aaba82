// Settings of a policy: one entry of `policies:`.
#pragma once

#include <cstdint>
#include <string>

namespace bascule {

// When a policy takes inputs of the direction up; those down are never held back.
struct Gate {
  enum class Kind : std::uint8_t {
    at_once,
    caught_up,  // while the line to central is up, and what central had for us has been decided
    daily,      // once a day, at a local time: all that has come until then
  } kind = Kind::at_once;
  int minute = 0;  // of daily: after midnight
};

struct PolicySettings {
  std::string name;            // the key of the entry; what routes name
  std::string plugin;          // a name, or an absolute path
  std::string options = "{}";  // JSON, for the plugin
  std::string lane = "default";
  // The topic below which its cases are told and decided; empty: not over MQTT.
  std::string cases;
  Gate gate;
  std::int64_t timeout_ms = 5'000;  // a step that takes longer hangs
};

}  // namespace bascule
