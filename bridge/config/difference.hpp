// What differs between two versions of the configuration file, for people. Pure, but for the
// reading.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace bascule {

// Each value of a file, by its path: "lanes.media.ttl". The items of a list are named by their
// `name`, else by their place; the order of the named ones is a value of its own.
using FileValues = std::map<std::string, std::string>;

// Of a file that load_config() has taken. Throws std::runtime_error if it is not there any more.
FileValues file_values(const std::string& path);
FileValues values_of(const std::string& source);  // throws YamlError

struct Difference {
  std::string key;
  std::string before, after;  // empty: it is not in the file
};
std::vector<Difference> differences(const FileValues& before, const FileValues& after);

// One line: "lanes.media.ttl: 7d -> 1d". Of options of a policy that may be secret, by their name
// or as a URL with a user, the values are not told.
std::string to_string(const Difference& difference);

}  // namespace bascule
