// The log: lines on stderr, for journald or a terminal.
#pragma once

#include <cstdint>

#include "text/words.hpp"

namespace bascule {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };
inline constexpr Word<LogLevel> log_level_words[] = {{"trace", LogLevel::trace},
                                                     {"debug", LogLevel::debug},
                                                     {"info", LogLevel::info},
                                                     {"warn", LogLevel::warn},
                                                     {"error", LogLevel::error}};

enum class LogFormat : std::uint8_t { text, json };
inline constexpr Word<LogFormat> log_format_words[] = {{"text", LogFormat::text},
                                                       {"json", LogFormat::json}};

struct LogSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
};

// Makes it the default log of the process. Once, before other threads start.
void configure_log(const LogSettings& settings);

}  // namespace bascule
