// The load: numbered messages at QoS 1, as fast as a window of unacknowledged ones lets it, or at a
// fixed rate. A payload is `NUMBER TIME xxx…`: the number from `first` on, and when it was written,
// in ns of CLOCK_MONOTONIC. With `records` it is an edit of one of them instead,
// `{"x":"xxx…","n":NUMBER}`, and the topic has another level, its number in seven digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "client.hpp"

namespace load {

struct PublishSettings {
  Client::Settings client;
  std::string topic;
  std::int64_t first = 1;
  std::int64_t count = 0;
  std::size_t payload_bytes = 200;  // at least 48
  std::int64_t window = 1'000;
  std::int64_t per_s = 0;    // 0: as fast as it goes
  std::int64_t records = 0;  // 0: no edits
  bool in_order = false;     // one after the other; else at random
};

// Publishes all, waits for the last acknowledgement, prints one JSON object. Throws
// std::runtime_error.
void publish(const PublishSettings& settings);

}  // namespace load
