#include "log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace bascule {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// One JSON object a line; spdlog's patterns do not escape.
class JsonLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    using std::chrono::duration_cast;
    const auto level = spdlog::level::to_string_view(message.level);
    const std::string text =
        nlohmann::json{
            {"time_ms",
             duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count()},
            {"level", std::string(level.data(), level.size())},
            {"message", std::string(message.payload.data(), message.payload.size())}}
            .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
        '\n';
    line.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonLines>();
  }
};

}  // namespace

void configure_log(const LogSettings& settings) {
  auto log = spdlog::stderr_logger_mt("bascule");
  log->set_level(level_of(settings.level));
  if (settings.format == LogFormat::json) {
    log->set_formatter(std::make_unique<JsonLines>());
  } else {
    log->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-5l%$ %v");
  }
  log->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(log));
}

}  // namespace bascule
