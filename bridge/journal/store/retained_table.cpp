#include "journal/store/retained_table.hpp"

namespace bascule {

std::optional<std::uint32_t> RetainedTable::digest(Direction direction, std::string_view topic) {
  return database_.prepared("SELECT digest FROM retained WHERE direction=?1 AND topic=?2")
      .bind(static_cast<int>(direction), topic)
      .first([](const Statement& row) { return static_cast<std::uint32_t>(row.integer(0)); });
}

void RetainedTable::save(Direction direction, std::string_view topic, std::uint32_t digest) {
  database_.prepared("INSERT OR REPLACE INTO retained VALUES(?1, ?2, ?3)")
      .run(static_cast<int>(direction), topic, digest);
}

}  // namespace bascule
