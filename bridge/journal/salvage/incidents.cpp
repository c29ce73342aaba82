#include "journal/salvage/incidents.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace bascule {

using nlohmann::json;

json read_incidents(const std::string& data_dir) {
  std::ifstream file(data_dir + "/incidents.json");
  json incidents = json::parse(file, nullptr, false);
  if (!incidents.is_object()) incidents = json::object();
  for (const char* which : {"salvaged", "moved"}) {
    if (!incidents.contains(which) || !incidents[which].is_object()) incidents[which] = json();
  }
  return incidents;
}

void write_incident(const std::string& data_dir, const char* which, const json& what) {
  json incidents = read_incidents(data_dir);
  incidents[which] = what;
  const std::string path = data_dir + "/incidents.json";
  std::ofstream file(path + ".new");
  file << incidents.dump(2) << '\n';
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
  std::filesystem::rename(path + ".new", path);
}

}  // namespace bascule
