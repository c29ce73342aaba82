#include "link/paho/paho_trace.hpp"

#include <MQTTAsync.h>

#include <charconv>
#include <mutex>
#include <string_view>
#include <utility>

namespace bascule {

namespace {

thread_local int traced_socket = -1;
thread_local std::string traced_alert;

std::mutex users_mutex;
int users = 0;

// "20261122 134100.123 5 CLIENT <- CONNACK rc: 0" and "… SSL alert read:fatal:unknown CA".
void on_line(enum MQTTASYNC_TRACE_LEVELS, char* message) {
  constexpr std::string_view alert = "SSL alert read:fatal:";
  std::string_view line(message);
  for (int field = 0; field < 2; ++field) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return;
    line.remove_prefix(space + 1);
  }
  if (line.starts_with(alert)) {
    traced_alert = line.substr(alert.size());
  } else if (line.find(" <- CONNACK rc: ") != std::string_view::npos) {
    traced_socket = -1;
    std::from_chars(line.data(), line.data() + line.size(), traced_socket);
  } else if (line.starts_with("Connecting to ")) {
    traced_alert.clear();
  }
}

}  // namespace

PahoTrace::PahoTrace() {
  const std::lock_guard lock(users_mutex);
  if (users++ > 0) return;
  MQTTAsync_setTraceCallback(&on_line);
  MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_PROTOCOL);
}

PahoTrace::~PahoTrace() {
  const std::lock_guard lock(users_mutex);
  if (--users == 0) MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
}

int take_traced_socket() { return std::exchange(traced_socket, -1); }

std::string take_traced_alert() { return std::exchange(traced_alert, {}); }

}  // namespace bascule
