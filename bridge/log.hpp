// The log: lines on stderr, for journald or a terminal.
#pragma once

#include <cstdint>

namespace bascule {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

struct LogSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
};

// Makes it the default log of the process. Once, before other threads start.
void configure_log(const LogSettings& settings);

}  // namespace bascule
