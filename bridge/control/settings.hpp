// Settings of the control interface.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bascule {

// HTTP over TCP, for browsers, scripts and Prometheus.
struct HttpSettings {
  std::string address;     // an IP address: 127.0.0.1, ::1, 0.0.0.0
  std::uint16_t port = 0;  // 0: any free one
  std::string token_file;  // who may look, and who may change: token_file.hpp
  std::string cert_file;   // PEM, with its chain; empty: no TLS
  std::string key_file;
  // Further values of the header Host: by what names clients reach it, as "box.example.net:8642".
  std::vector<std::string> hosts;
};

struct ControlSettings {
  std::string socket = "/run/bascule/control.sock";
  std::optional<HttpSettings> http = std::nullopt;  // nothing: no port is open
};

}  // namespace bascule
