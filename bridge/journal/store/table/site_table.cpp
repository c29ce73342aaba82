#include "journal/store/table/site_table.hpp"

namespace bascule {

std::vector<SiteState> SiteTable::all() {
  return database_.prepared("SELECT name, online, since_ms FROM site")
      .bind()
      .all([](const Statement& row) {
        return SiteState{std::string(row.text(0)), row.integer(1) != 0, row.integer(2)};
      });
}

void SiteTable::save(const SiteState& state) {
  database_.prepared("INSERT OR REPLACE INTO site VALUES(?1, ?2, ?3)")
      .run(state.site, static_cast<int>(state.online), state.since_ms);
}

void SiteTable::erase(const std::string& site) {
  database_.prepared("DELETE FROM site WHERE name=?1").run(site);
}

}  // namespace bascule
