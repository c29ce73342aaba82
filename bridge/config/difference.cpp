#include "config/difference.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "config/yaml.hpp"

namespace bascule {
namespace {

std::string name_of(const YamlNode& item) {
  if (item.kind != YamlNode::Kind::map) return "";
  for (const YamlEntry& entry : item.entries) {
    if (entry.key == "name" && entry.value->kind == YamlNode::Kind::text) return entry.value->text;
  }
  return "";
}

void add_values(const YamlNode& node, const std::string& path, FileValues& values) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return;
    case YamlNode::Kind::text:
      values[path] = node.text;
      return;
    case YamlNode::Kind::map:
      if (node.entries.empty()) values[path] = "{}";
      for (const YamlEntry& entry : node.entries) {
        add_values(*entry.value, path.empty() ? entry.key : path + '.' + entry.key, values);
      }
      return;
    case YamlNode::Kind::list:
      break;
  }
  std::string order;
  for (std::size_t place = 0; place < node.entries.size(); ++place) {
    const YamlNode& item = *node.entries[place].value;
    std::string name = name_of(item);
    if (name.empty() || values.contains(path + '.' + name + ".name")) {
      name = std::to_string(place + 1);
    }
    add_values(item, path + '.' + name, values);
    order += (order.empty() ? "" : ", ") + name;
  }
  values[path] = order;
}

// Whether the value of an option may be a secret, by its name or by what it looks like. The
// bridge's own keys name files of secrets only.
bool may_be_secret(const Difference& difference) {
  std::string key = difference.key;
  std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::string_view names[] = {"key",   "password",   "passphrase", "secret",
                                        "token", "credential", "pin"};
  const auto named = [&key](std::string_view name) { return key.find(name) != key.npos; };
  const auto with_user = [](const std::string& value) {
    const std::size_t begin = value.find("://");
    return begin != value.npos && value.find('@', begin) != value.npos;
  };
  return std::ranges::any_of(names, named) || with_user(difference.before) ||
         with_user(difference.after);
}

const std::string& value_at(const FileValues& values, const std::string& key) {
  static const std::string none;
  const auto found = values.find(key);
  return found == values.end() ? none : found->second;
}

}  // namespace

FileValues values_of(const std::string& source) {
  FileValues values;
  add_values(parse_yaml(source), "", values);
  return values;
}

FileValues file_values(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + " cannot be read");
  return values_of({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
}

std::vector<Difference> differences(const FileValues& before, const FileValues& after) {
  std::vector<Difference> differences;
  FileValues all = before;
  all.insert(after.begin(), after.end());
  for (const auto& [key, value] : all) {
    Difference one{key, value_at(before, key), value_at(after, key)};
    if (one.before != one.after) differences.push_back(std::move(one));
  }
  return differences;
}

std::string to_string(const Difference& difference) {
  if (difference.key.starts_with("policies.") && may_be_secret(difference)) {
    return difference.key + " (its values may be secret)";
  }
  const auto told = [](const std::string& value) { return value.empty() ? "(not set)" : value; };
  return difference.key + ": " + told(difference.before) + " -> " + told(difference.after);
}

}  // namespace bascule
