#include "journal/store/table/session/session_table.hpp"

#include <string_view>

namespace bascule {
namespace {

SessionRow read_session(const Statement& row) {
  SessionRow session;
  session.number = static_cast<std::uint16_t>(row.integer(0));
  session.peer = row.text(1);
  const std::string_view held = row.blob(2);
  for (std::size_t at = 0; at + 2 <= held.size(); at += 2) {
    session.held.insert(static_cast<std::uint16_t>(static_cast<unsigned char>(held[at]) |
                                                   static_cast<unsigned char>(held[at + 1]) << 8));
  }
  return session;
}

}  // namespace

SessionRow SessionTable::load(Direction direction) {
  return database_.prepared("SELECT number, peer, held FROM session WHERE direction=?1")
      .bind(static_cast<int>(direction))
      .first(read_session)
      .value_or(SessionRow{});
}

void SessionTable::save(Direction direction, const SessionRow& session) {
  std::string held;
  for (const std::uint16_t id : session.held) {
    held += static_cast<char>(id);
    held += static_cast<char>(id >> 8);
  }
  database_.prepared("INSERT OR REPLACE INTO session VALUES(?1, ?2, ?3, ?4)")
      .run(static_cast<int>(direction), session.number, session.peer, Blob{held});
}

}  // namespace bascule
