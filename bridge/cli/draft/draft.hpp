// A first configuration, before it is written: what `bascule init` has been told. A value; any
// thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "link/broker_kind.hpp"

namespace bascule {

struct DraftLink {
  std::string url, client_id, username, password_file;  // empty, here and below: left out
  std::vector<std::string> other_urls;
  std::string ca_file, cert_file, key_file, alpn;
  std::string protocol;
  BrokerKind broker = BrokerKind::automatic;
  std::vector<std::pair<std::string, std::string>> settings;  // further keys; the values as YAML
  std::vector<std::string> advice;  // what to set at the broker, as sentences
};

// `to` is empty where the topic stays; `left_out` says why the route is only a comment.
struct DraftRoute {
  std::string name;
  std::string direction = "up";  // or down, both
  std::string from, to;
  std::vector<std::string> exclude;
  std::string qos, retain;
  std::string note;
  std::string left_out;
};

struct Draft {
  std::string id;
  std::string instance;  // of systemd, for further bridges on one machine; empty: the only one
  std::string data_dir, socket;  // empty: those of the service
  std::string origin;            // "from /etc/mosquitto/…", for the first line; empty: none
  DraftLink site, central;
  std::vector<std::pair<std::string, std::string>> journal;  // further keys; the values as YAML
  std::vector<DraftRoute> routes;
  std::vector<std::string> notes;  // what to know before it runs, as sentences
};

// The file, with comments. It has no secrets: those have files of their own.
std::string to_yaml(const Draft& draft);

// How a secret gets into its file so that the service may read it and nobody else; `path` as in
// the configuration.
std::string how_to_fill(const std::string& path, const std::string& instance);

}  // namespace bascule
