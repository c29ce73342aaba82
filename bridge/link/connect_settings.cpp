#include "link/connect_settings.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>

namespace bascule {

using std::chrono::seconds;

std::string read_file(const std::string& path, const char* what) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    throw std::runtime_error(std::string(what) + ": cannot read " + path + ": " +
                             std::strerror(errno));
  }
  return text;
}

std::string read_password(const std::string& path, const char* what) {
  auto password = read_file(path, what);
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  if (password.empty()) {
    throw std::runtime_error(std::string(what) + ": " + path +
                             " is empty; write the password into it");
  }
  return password;
}

std::uint32_t maximum_packet_bytes(const LinkSettings& settings) {
  constexpr std::uint64_t largest = 256 << 20;
  const std::uint64_t wanted = settings.max_payload_bytes * std::uint64_t{2} + (128 << 10);
  return static_cast<std::uint32_t>(std::min(wanted, largest));
}

Limits held_to(const LinkSettings& settings, Limits granted) {
  granted.maximum_qos = std::min(granted.maximum_qos, settings.max_qos);
  granted.retain_available = granted.retain_available && settings.retain;
  return granted;
}

std::uint32_t session_expiry_s(const LinkSettings& settings) {
  if (!settings.keep_session) return 0;
  const auto wanted = std::chrono::duration_cast<seconds>(settings.session_expiry).count();
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(wanted, std::numeric_limits<std::uint32_t>::max()));
}

std::string session_shortened(const LinkSettings& settings, const Limits& limits) {
  const auto wanted = session_expiry_s(settings);
  if (!limits.session_expiry_s || *limits.session_expiry_s >= wanted) return "";
  return "the broker keeps the session for " + std::to_string(*limits.session_expiry_s) +
         " s only, not the " + std::to_string(wanted) +
         " s of session_expiry: what comes while the bridge is away for longer is lost there";
}

Protocol wanted_protocol(const LinkSettings& settings) {
  const bool automatic = settings.protocol == Protocol::automatic;
  return automatic && !settings.auth.method.empty() ? Protocol::v5 : settings.protocol;
}

std::uint16_t keep_alive_s(const LinkSettings& settings) {
  const auto wanted = std::chrono::ceil<seconds>(settings.keep_alive).count();
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(wanted, 1, 65'535));
}

Limits told(const LinkSettings& settings, Limits granted) {
  granted.session_expiry_s = granted.session_expiry_s.value_or(session_expiry_s(settings));
  granted.keep_alive_s = granted.keep_alive_s.value_or(keep_alive_s(settings));
  return granted;
}

std::chrono::seconds connect_timeout(const LinkSettings& settings) {
  return std::clamp(seconds(keep_alive_s(settings)), seconds(3), seconds(30));
}

}  // namespace bascule
