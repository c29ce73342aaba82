// Reads the receipts of one session from the rows of its lanes, the newest first, without the
// messages: what has been delivered by then. Journal's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "journal/repeats/receipts.hpp"
#include "journal/store/table/batch_table.hpp"

namespace bascule {

class Recollection {
 public:
  Recollection(BatchTable& batches, std::uint16_t session) : batches_(batches), session_(session) {}

  // What the lane's rows hold before sequence `end`. Throws DatabaseError.
  void read(LaneId lane, std::uint64_t end);
  // Everything that the session delivered is there: no row of it is gone, and none was too many.
  bool complete() const { return complete_; }
  // In the order of their commits, over all lanes.
  Receipts receipts();

 private:
  struct Delivery {
    int boot = 0;
    std::int64_t captured_ms = 0;
    Receipt receipt;
  };

  BatchTable& batches_;
  std::uint16_t session_;
  bool complete_ = true;
  std::vector<Delivery> deliveries_;  // newest first within a lane
};

}  // namespace bascule
