// What was given up, and why: table loss of FORMAT.md. Journal's thread. Errors are DatabaseError.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/lane/lane_sequence.hpp"
#include "journal/store/sqlite/database.hpp"

namespace bascule {

struct Loss {
  LaneId lane = 0;
  std::uint64_t first = 0, last = 0, count = 0, bytes = 0;
  std::string reason;
  std::int64_t at_ms = 0;
};

class LossLedger {
 public:
  explicit LossLedger(Database& database) : database_(database) {}

  void add(const Loss& loss);           // joins the lane's last row if that continues it
  std::vector<Loss> newest(int limit);  // newest first
  std::uint64_t messages();             // in all, without those a newer value replaced

 private:
  Database& database_;
};

}  // namespace bascule
