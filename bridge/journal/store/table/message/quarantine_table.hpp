// Messages that cannot cross as things are, until a person sends them again or drops them: table
// quarantine of FORMAT.md. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "journal/lane/quarantine_entry.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

class QuarantineTable {
 public:
  explicit QuarantineTable(Database& database) : database_(database) {}

  void add(const QuarantineEntry& entry, std::int64_t at_ms);
  // By number: those above it, oldest first, and those below it, newest first.
  std::vector<QuarantineEntry> after(std::int64_t number, int limit);
  std::vector<QuarantineEntry> before(std::int64_t number, int limit);
  std::vector<QuarantineEntry> newest(int limit) { return before(INT64_MAX, limit); }
  std::optional<QuarantineEntry> find(std::int64_t number);
  bool given(std::int64_t number);  // to a message, if it has left since
  // Why a message of a lane is here; nothing: it is not.
  std::optional<std::string> reason(LaneSequence place);
  void erase(std::int64_t number);

  // Counted with each change, so that no start has to go through them.
  struct Size {
    std::uint64_t messages = 0, bytes = 0;
  };
  Size size();

 private:
  void count(std::int64_t messages, std::int64_t bytes);

  Database& database_;
};

}  // namespace bascule
