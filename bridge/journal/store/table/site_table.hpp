// What a hub knows of its sites: table site of FORMAT.md. Journal's thread. Errors are
// DatabaseError.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/store/sqlite/database.hpp"

namespace bascule {

// What is kept of a site over a restart.
struct SiteState {
  std::string site;
  bool online = false;
  std::int64_t since_ms = 0;  // wall time
};

class SiteTable {
 public:
  explicit SiteTable(Database& database) : database_(database) {}

  std::vector<SiteState> all();

  // In a transaction.
  void save(const SiteState& state);
  void erase(const std::string& site);

 private:
  Database& database_;
};

}  // namespace bascule
