// Reads the receipts of one session from the rows of its lanes, the newest first, without the
// messages, and then those of rows that made room: what has been delivered by then. Journal's
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "journal/repeats/receipts.hpp"
#include "journal/store/store.hpp"

namespace bascule {

class Recollection {
 public:
  Recollection(Store& store, std::uint16_t session) : store_(store), session_(session) {}

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

  // False: what is before it need not be read, for it is another session's, or too much.
  bool add(int boot, std::int64_t captured_ms, const std::vector<Receipt>& receipts,
           std::size_t& count);

  Store& store_;
  std::uint16_t session_;
  bool complete_ = true;
  std::vector<Delivery> deliveries_;  // newest first within a lane
};

}  // namespace bascule
