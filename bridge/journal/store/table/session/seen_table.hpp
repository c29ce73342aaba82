// What other bridges have sent: table seen of FORMAT.md. Journal's thread. Errors are
// DatabaseError.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "journal/lane/sequence_set.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

class SeenTable {
 public:
  explicit SeenTable(Database& database) : database_(database) {}

  void each(const std::function<void(std::string_view source, SequenceSet ranges)>& visit);
  void save(const std::string& source, const SequenceSet& ranges);

 private:
  Database& database_;
};

}  // namespace bascule
