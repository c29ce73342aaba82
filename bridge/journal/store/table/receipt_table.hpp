// Receipts of rows of `batch` that had to make room for others, though their deliveries may still
// come again: table receipt of FORMAT.md. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/lane/record.hpp"
#include "journal/store/sqlite/database.hpp"
#include "journal/store/table/batch_table.hpp"

namespace bascule {

class ReceiptTable {
 public:
  // Of a row, in its order.
  struct Row {
    std::uint64_t first = 0;
    int boot = 0;
    std::int64_t captured_ms = 0;
    std::vector<Receipt> receipts;
  };

  explicit ReceiptTable(Database& database) : database_(database) {}

  // What cannot come again is left out.
  void keep(LaneId lane, const BatchHead& head, const std::vector<Receipt>& receipts);
  // Of rows that began before `before`, the newest first.
  std::vector<Row> rows_before(LaneId lane, std::uint64_t before, int limit);
  // Those of rows that began before `first` go.
  void forget(LaneId lane, std::uint64_t first);

 private:
  Database& database_;
};

}  // namespace bascule
