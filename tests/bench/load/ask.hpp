// The load of a device that asks: requests with a response topic and correlation data (MQTT 5), as
// fast as a window of unanswered ones lets it, or at a fixed rate; and how long the answers took.
#pragma once

#include <cstdint>
#include <string>

#include "client.hpp"

namespace load {

struct AskSettings {
  Client::Settings client;
  std::string topic;
  std::string payload = R"({"quantity":1})";
  std::string expected = R"("result":"SELL")";  // an answer has this text, or counts as another
  std::int64_t count = 0;
  std::int64_t window = 1'000;
  std::int64_t per_s = 0;  // 0: as fast as it goes
  std::int64_t quiet_s = 60;
};

// Asks all, waits for the answers, prints one JSON object. Returns whether each was answered once,
// as expected. Throws std::runtime_error.
bool ask(const AskSettings& settings);

}  // namespace load
