// Reads mosquitto.conf(5) as mosquitto does, as far as bridges are concerned. Values are taken as
// they stand; what they mean is for conversion.hpp.
#pragma once

#include <istream>
#include <string>
#include <vector>

namespace bascule {

struct MosquittoOption {
  std::string name, value;  // without blanks around
  std::string file;
  int line = 0;

  std::string place() const { return file + ':' + std::to_string(line); }
};

// What stands from one `connection` to the next; options of the broker in between are not of it.
struct MosquittoBridge {
  MosquittoOption connection;  // its value is the name
  std::vector<MosquittoOption> options;

  const MosquittoOption* find(const std::string& name) const;  // the last one; nullptr: none
};

struct MosquittoConf {
  std::vector<MosquittoBridge> bridges;
  std::vector<MosquittoOption> broker;  // all other options, in order
};

// The file and those of its include_dir, by name. Throws std::runtime_error, with the place and
// what to do, where a file cannot be read or an option of a bridge stands before any `connection`.
MosquittoConf read_mosquitto_conf(const std::string& path);

// One file, whose include_dir is not followed; `file` is for places.
MosquittoConf parse_mosquitto_conf(std::istream& text, const std::string& file);

}  // namespace bascule
