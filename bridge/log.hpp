// The log: lines on stderr, for journald or a terminal.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

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

// What a line says, for programs: while it lives, each line of this thread has these fields beside
// its text, if the format is json. One at a time; the inner one counts.
class LogFields {
 public:
  struct Field {
    std::string_view name;
    std::variant<std::string, std::int64_t> value;
  };
  LogFields(std::initializer_list<std::pair<std::string_view, std::string_view>> texts);
  ~LogFields();
  LogFields(const LogFields&) = delete;
  LogFields& operator=(const LogFields&) = delete;

  // `name` is a literal.
  template <std::integral Number>
  void add(std::string_view name, Number number) {
    fields_.push_back({name, static_cast<std::int64_t>(number)});
  }
  const std::vector<Field>& all() const { return fields_; }

 private:
  std::vector<Field> fields_;
  const LogFields* outer_;
};

// Makes it the default log of the process: once, before other threads. Then changes it: main
// thread.
void configure_log(const LogSettings& settings);

}  // namespace bascule
