// The broker sessions that deliveries come from: table session of FORMAT.md. Journal's thread.
// Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "journal/store/sqlite/database.hpp"
#include "message/direction.hpp"

namespace bascule {

struct SessionRow {
  std::uint16_t number = 0;  // 0: there never was one
  std::string peer;
  std::set<std::uint16_t> held;
};

class SessionTable {
 public:
  explicit SessionTable(Database& database) : database_(database) {}

  SessionRow load(Direction direction);
  void save(Direction direction, const SessionRow& session);

 private:
  Database& database_;
};

}  // namespace bascule
