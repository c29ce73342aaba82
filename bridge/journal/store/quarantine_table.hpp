// Messages that can never cross: table quarantine of FORMAT.md. Journal's thread. Errors are
// DatabaseError.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "journal/lane/quarantine_entry.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

class QuarantineTable {
 public:
  explicit QuarantineTable(Database& database) : database_(database) {}

  void add(const QuarantineEntry& entry, std::int64_t at_ms);
  // With the time of each, newest first.
  std::vector<std::pair<std::int64_t, QuarantineEntry>> newest(int limit);

 private:
  Database& database_;
};

}  // namespace bascule
