#include "journal/salvage/incidents.hpp"

#include <fstream>

#include "journal/salvage/small_file.hpp"

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
  write_small_file(data_dir + "/incidents.json", incidents.dump(2) + '\n');
}

}  // namespace bascule
