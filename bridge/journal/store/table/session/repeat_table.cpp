#include "journal/store/table/session/repeat_table.hpp"

#include <string>

namespace bascule {

std::vector<RepeatCount> RepeatTable::all() {
  return database_.prepared("SELECT direction, kind, source, count, last_ms, topic FROM repeat")
      .bind()
      .all([](const Statement& row) {
        return RepeatCount{static_cast<Direction>(row.integer(0)),
                           static_cast<RepeatKind>(row.integer(1)),
                           std::string(row.text(2)),
                           row.number(3),
                           row.integer(4),
                           std::string(row.blob(5))};
      });
}

void RepeatTable::save(const RepeatCount& count) {
  database_.prepared("INSERT OR REPLACE INTO repeat VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
      .run(static_cast<int>(count.direction), static_cast<int>(count.kind), count.source,
           count.count, count.last_ms, Blob{count.topic});
}

}  // namespace bascule
