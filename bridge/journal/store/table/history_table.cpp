#include "journal/store/table/history_table.hpp"

namespace bascule {

std::vector<HistoryRow> HistoryTable::rows(std::int64_t from, int rows_max) {
  return database_
      .prepared(
          "SELECT number, boot, from_ms, step_s, data FROM history WHERE number>=?1 "
          "ORDER BY number LIMIT ?2")
      .bind(from, rows_max)
      .all([](const Statement& row) {
        return HistoryRow{row.integer(0), static_cast<int>(row.integer(1)), row.integer(2),
                          row.integer(3), std::string(row.blob(4))};
      });
}

void HistoryTable::save(const HistoryRow& row) {
  database_.prepared("INSERT OR REPLACE INTO history VALUES(?1, ?2, ?3, ?4, ?5)")
      .run(row.number, row.boot, row.from_ms, row.step_s, Blob{row.data});
}

void HistoryTable::erase(std::int64_t number) {
  database_.prepared("DELETE FROM history WHERE number=?1").run(number);
}

}  // namespace bascule
