// A YAML document as a tree that knows where each part of it stands. Aliases are resolved, and
// `<<: *anchor` adds the keys that a map does not have itself.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace bascule {

struct Position {
  int line = 1;    // from 1
  int column = 1;  // from 1, in bytes
};

struct YamlEntry;

struct YamlNode {
  enum class Kind { null, text, list, map } kind = Kind::null;
  Position at;
  std::string text;                // of a text
  bool plain = false;              // it is not in quotes
  std::vector<YamlEntry> entries;  // of a list or a map, in file order, repeated keys included
};

// One item of a list (without a key) or of a map. Nodes are shared by their aliases.
struct YamlEntry {
  std::string key;
  Position key_at;
  std::shared_ptr<const YamlNode> value;
};

struct YamlError : std::runtime_error {
  YamlError(Position where, const std::string& text) : std::runtime_error(text), at(where) {}
  Position at;
};

// Reads one document; an empty one is a null. Throws YamlError at the first place that is no YAML.
YamlNode parse_yaml(const std::string& source);

}  // namespace bascule
