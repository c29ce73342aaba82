// Into the quarantine and out of it, by command. Each throws std::invalid_argument, with what to
// do, before anything has changed. Journal's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "journal/backlog/appender.hpp"
#include "journal/backlog/batch_reader.hpp"
#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"

namespace bascule {

class Quarantine {
 public:
  Quarantine(Transaction& transaction, Books& books, Appender& appender, BatchReader& reader)
      : transaction_(transaction), books_(books), appender_(appender), reader_(reader) {}

  // Puts a message at the end of its lane again, or of the lane `into` (empty: its own), as a new
  // one that says which it was. One that never had a lane goes where `routed` puts it.
  using Routed = std::function<Append(const QuarantineEntry&, std::string& bytes)>;
  void requeue(std::int64_t number, std::string_view into, const Routed& routed);
  // Gives it up for good.
  void drop(std::int64_t number);

  // Why the quarantine does not have a message, for people.
  static std::string absent(QuarantineTable& table, std::int64_t number);

  // Takes messages that wait in a lane, in its order, the oldest first: about `bytes_max` of them
  // at the most, and no more than there is room for. Returns how many.
  std::uint64_t set_aside(LaneId lane, const std::string& reason, std::size_t bytes_max);

 private:
  LaneId lane_for(const QuarantineEntry& entry, std::string_view into) const;

  Transaction& transaction_;
  Books& books_;
  Appender& appender_;
  BatchReader& reader_;
};

}  // namespace bascule
