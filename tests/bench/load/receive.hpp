// The counter: receives what publish() wrote, wherever it has been in between, and says what is
// missing, repeated or out of order, how long it took, and when the first and the last came.
#pragma once

#include <cstdint>
#include <string>

#include "client.hpp"

namespace load {

struct ReceiveSettings {
  Client::Settings client;
  std::string filter;
  std::int64_t count = 0;  // numbers 1 to this; 0: only subscribes
  std::int64_t quiet_s = 60;
  std::int64_t linger_ms = 1'000;
};

// Until `linger_ms` after all numbers were seen, or until nothing has come for `quiet_s`. Prints a
// line `ready` when it is subscribed, and then one JSON object. Returns whether all were seen.
// Throws std::runtime_error.
//
// Repeats are told by the number; of those it says how many bore no stamp that was seen before, as
// every repeat of a bridge that speaks MQTT 5 must.
bool receive(const ReceiveSettings& settings);

}  // namespace load
