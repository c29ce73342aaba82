// What was dropped as a repeat: table repeat of FORMAT.md. Journal's thread. Errors are
// DatabaseError.
#pragma once

#include <vector>

#include "journal/lane/repeat_count.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

class RepeatTable {
 public:
  explicit RepeatTable(Database& database) : database_(database) {}

  std::vector<RepeatCount> all();
  void save(const RepeatCount& count);

 private:
  Database& database_;
};

}  // namespace bascule
