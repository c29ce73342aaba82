// Configuration files for tests.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/config.hpp"

template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += '\n' + line;
    return out.c_str();
  }
};

namespace config_file {

using namespace bascule;

using Lines = std::vector<std::string>;

// A directory of its own for each case, gone at the end.
class ConfigDirectory {
 public:
  ConfigDirectory() { path_ = ::mkdtemp(path_.data()); }
  ~ConfigDirectory() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ + '/' + name, std::ios::binary) << content;
    return path_ + '/' + name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/bascule-config-XXXXXX";
};

inline BridgeConfig load(const std::string& yaml) {
  const ConfigDirectory directory;
  return load_config(directory.write("bascule.yaml", yaml));
}

// "line:col: text" for each problem of a file with this content.
inline Lines problems(const std::string& yaml) {
  Lines out;
  try {
    load(yaml);
  } catch (const ConfigError& error) {
    for (const Problem& problem : error.problems()) {
      out.push_back(std::to_string(problem.line) + ':' + std::to_string(problem.column) + ": " +
                    problem.text);
    }
  }
  return out;
}

// The least that a file needs; what follows it begins in line 4.
inline const std::string least =
    "bridge: {id: shop}\n"
    "site: {url: \"mqtt://localhost\"}\n"
    "central: {url: \"mqtt://central\"}\n";

// A file whose site has these lines, indented by two, from line 2 on.
inline std::string with_site(const std::string& lines) {
  return "site:\n" + lines + "bridge: {id: shop}\ncentral: {url: \"mqtt://central\"}\n";
}

}  // namespace config_file
