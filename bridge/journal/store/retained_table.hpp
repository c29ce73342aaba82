// The last retained value that crossed, by target topic: table retained of FORMAT.md. Journal's
// thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "journal/store/sqlite/database.hpp"
#include "message/direction.hpp"

namespace bascule {

class RetainedTable {
 public:
  explicit RetainedTable(Database& database) : database_(database) {}

  std::optional<std::uint32_t> digest(Direction direction, std::string_view topic);
  void save(Direction direction, std::string_view topic, std::uint32_t digest);

 private:
  Database& database_;
};

}  // namespace bascule
