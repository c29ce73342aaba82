#include "log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "text/json_text.hpp"
#include "text/time.hpp"

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

// The innermost of this thread. Lines are formatted on the thread that writes them.
thread_local const LogFields* fields_here = nullptr;

// One JSON object a line; spdlog's patterns do not escape.
class JsonLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    using std::chrono::duration_cast;
    const auto level = spdlog::level::to_string_view(message.level);
    const std::int64_t time_ms =
        duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count();
    nlohmann::json all{{"time", time_text(time_ms)},
                       {"time_ms", time_ms},
                       {"level", std::string(level.data(), level.size())},
                       {"message", std::string(message.payload.data(), message.payload.size())}};
    if (fields_here != nullptr) {
      for (const LogFields::Field& field : fields_here->all()) {
        std::visit([&](const auto& value) { all[std::string(field.name)] = value; }, field.value);
      }
    }
    const std::string text = json_text(all) + '\n';
    line.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonLines>();
  }
};

}  // namespace

LogFields::LogFields(std::initializer_list<std::pair<std::string_view, std::string_view>> texts)
    : outer_(std::exchange(fields_here, this)) {
  for (const auto& [name, text] : texts) fields_.push_back({name, std::string(text)});
}

LogFields::~LogFields() { fields_here = outer_; }

void configure_log(const LogSettings& settings) {
  auto log = spdlog::get("bascule");
  const bool first = log == nullptr;
  if (first) log = spdlog::stderr_logger_mt("bascule");
  log->set_level(level_of(settings.level));
  if (settings.format == LogFormat::json) {
    log->set_formatter(std::make_unique<JsonLines>());
  } else {
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc);
  }
  log->flush_on(spdlog::level::trace);
  if (first) spdlog::set_default_logger(std::move(log));
}

}  // namespace bascule
