#include "journal/store/table/session/subscription_table.hpp"

namespace bascule {

std::vector<SubscriptionRow> SubscriptionTable::load(const std::string& peer) {
  std::vector<SubscriptionRow> rows;
  database_
      .prepared(
          "SELECT identifier, generation, filter, sure, held FROM subscription WHERE peer=?1"
          " ORDER BY identifier")
      .bind(peer)
      .each([&](const Statement& row) {
        rows.push_back({static_cast<std::uint32_t>(row.integer(0)),
                        static_cast<std::uint32_t>(row.integer(1)), std::string(row.text(2)),
                        row.integer(3) != 0, row.integer(4) != 0});
      });
  return rows;
}

void SubscriptionTable::save(const std::string& peer, const std::vector<SubscriptionRow>& rows) {
  database_.prepared("DELETE FROM subscription WHERE peer=?1").run(peer);
  save_some(peer, rows, {});
}

void SubscriptionTable::save_some(const std::string& peer, const std::vector<SubscriptionRow>& rows,
                                  const std::vector<std::uint32_t>& gone) {
  for (const std::uint32_t identifier : gone) {
    database_.prepared("DELETE FROM subscription WHERE peer=?1 AND identifier=?2")
        .run(peer, identifier);
  }
  for (const SubscriptionRow& row : rows) {
    database_.prepared("INSERT OR REPLACE INTO subscription VALUES(?1, ?2, ?3, ?4, ?5, ?6)")
        .run(peer, row.identifier, row.generation, row.filter, row.sure, row.held);
  }
}

std::vector<std::string> SubscriptionTable::other_clients(const std::string& client_id,
                                                          const std::string& url) {
  std::vector<std::string> clients;
  const std::string end = ' ' + url;
  database_.prepared("SELECT DISTINCT peer FROM subscription WHERE held=1")
      .bind()
      .each([&](const Statement& row) {
        const std::string peer(row.text(0));
        if (!peer.ends_with(end) || peer == client_id + end) return;
        clients.push_back(peer.substr(0, peer.size() - end.size()));
      });
  return clients;
}

}  // namespace bascule
