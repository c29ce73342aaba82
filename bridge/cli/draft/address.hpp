// Where mosquitto.conf(5) says that a broker is, as a URL.
#pragma once

#include <string>
#include <vector>

#include "cli/draft/mosquitto_conf.hpp"

namespace bascule {

std::vector<std::string> words_of(const std::string& text);

// Of host, host:port, [v6]:port or v6:port what follows mqtt:// in a URL; the port is 1883 where
// none is said.
std::string authority(const std::string& address);

struct MosquittoListener {
  std::string url;
  bool tls = false;
};

// Where mosquitto itself is reached on this machine: by MQTT, without TLS if it has a listener so.
MosquittoListener best_listener(const MosquittoConf& conf);

}  // namespace bascule
