// What the lanes and links did, for plots: table history of FORMAT.md. Journal's thread. Errors are
// DatabaseError.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/store/sqlite/database.hpp"

namespace bascule {

struct HistoryRow {
  std::int64_t number = 0;   // in their order
  int boot = 0;              // of the machine, as in table boot
  std::int64_t from_ms = 0;  // boot time at which its first sample begins
  std::int64_t step_s = 0;   // of a sample
  std::string data;          // history/block.hpp
};

class HistoryTable {
 public:
  explicit HistoryTable(Database& database) : database_(database) {}

  // The oldest first, from a number on.
  std::vector<HistoryRow> rows(std::int64_t from, int rows_max);

  // In a transaction.
  void save(const HistoryRow& row);
  void erase(std::int64_t number);

 private:
  Database& database_;
};

}  // namespace bascule
