// The rows of Retained in the journal's store, and what the books say became of a message.
// Journal's thread.
#pragma once

#include <cstdint>
#include <map>

#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/retained/retained.hpp"
#include "message/per_direction.hpp"

namespace bascule {

// What is noted of a direction, about; and how many could not be, since the start.
struct RetainedSize {
  std::uint64_t values = 0, bytes = 0, unnoted = 0;
};

class StoredRetained : public RetainedRows {
 public:
  // Of each direction, values of about `bytes_max` are noted. One more crosses like any message,
  // and once more whenever a subscription or a comparison brings it.
  StoredRetained(Transaction& transaction, Books& books, std::uint64_t bytes_max)
      : transaction_(transaction), books_(books), bytes_max_(bytes_max) {}

  std::optional<RetainedRow> find(Direction direction, std::string_view topic) override;
  void save(Direction direction, std::string_view topic, const RetainedRow& row) override;
  void erase(Direction direction, std::string_view topic) override;
  Topics behind(Direction direction, std::string_view after, std::size_t limit) override;
  FormerTargets former(Direction direction) override;
  void save_former(Direction direction, std::string_view target, LaneId lane) override;
  void erase_former(Direction direction, std::string_view target) override;
  Fate fate(LaneSequence place) override;

  // The store was opened anew; and before a commit.
  void load();
  void save_sizes();
  const RetainedSize& size(Direction direction) const { return sides_[direction].size; }
  // About once a second, so that they do not gather: the rows of clears that have crossed go, some
  // of a lane at a time. Those that the far side did not get stay for the next comparison.
  void sweep(const LaneState& lane);

 private:
  struct Side {
    RetainedSize size;
    bool changed = false;  // differs from the store's
  };
  void count(Direction direction, std::int64_t values, std::int64_t bytes);

  Transaction& transaction_;
  Books& books_;
  std::uint64_t bytes_max_;
  PerDirection<Side> sides_;
  std::map<LaneId, std::uint64_t> swept_;  // up to this sequence
};

}  // namespace bascule
