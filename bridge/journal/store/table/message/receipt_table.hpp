// Receipts of what is not in `batch`, or not any more, though its deliveries may still come again:
// of rows that had to make room for others, and of messages that found none. Table receipt of
// FORMAT.md. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/lane/record.hpp"
#include "journal/store/sqlite/database.hpp"
#include "journal/store/table/message/batch_table.hpp"

namespace bascule {

class ReceiptTable {
 public:
  // Of a row of `batch`, or of messages in a row, in their order.
  struct Row {
    std::uint64_t first = 0;  // sequence
    int boot = 0;
    std::int64_t captured_ms = 0;
    std::vector<Receipt> receipts;
  };

  explicit ReceiptTable(Database& database) : database_(database) {}

  // What cannot come again is left out.
  void keep(LaneId lane, const Row& row);
  // Of rows that began before `before`, the newest first.
  std::vector<Row> rows_before(LaneId lane, std::uint64_t before, int limit);
  // Those of rows that began before `first` go.
  void forget(LaneId lane, std::uint64_t first);

 private:
  Database& database_;
};

}  // namespace bascule
