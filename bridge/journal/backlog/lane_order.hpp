// Which lanes wait for others: where a route was given another lane while messages waited in the
// one that it had, what comes from then on is not read before those have their fate. So the order
// of a topic survives the change. What is held, since its topic is refused, is not waited for.
// Journal's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/store/table/configuration_table.hpp"

namespace bascule {

class LaneOrder {
 public:
  LaneOrder(Transaction& transaction, const Books& books)
      : transaction_(transaction), books_(books) {}

  void load();

  // What comes into `lane` from now on waits for what waits in `former` now, if anything does.
  void put_behind(LaneId lane, LaneId former);

  // What of the lane may be read ends before this sequence; UINT64_MAX: nothing of it waits so.
  std::uint64_t end(LaneId lane) const;

  // The lane for which it waits first, and how many messages of that one; nothing if the lane has
  // no messages that wait so.
  struct Wait {
    LaneId former = 0;
    std::uint64_t messages = 0;
  };
  std::optional<Wait> wait(LaneId lane) const;

  bool forget_passed();  // now and then; true: there was something

 private:
  bool passed(const LaneOrderRow& order) const;

  Transaction& transaction_;
  const Books& books_;
  std::vector<LaneOrderRow> orders_;  // few
};

}  // namespace bascule
