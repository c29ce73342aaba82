// The rows of Retained in the journal's store, and what the books say became of a message.
// Journal's thread.
#pragma once

#include <cstdint>
#include <map>

#include "journal/books/books.hpp"
#include "journal/books/transaction.hpp"
#include "journal/retained/retained.hpp"

namespace bascule {

class StoredRetained : public RetainedRows {
 public:
  StoredRetained(Transaction& transaction, Books& books)
      : transaction_(transaction), books_(books) {}

  std::optional<RetainedRow> find(Direction direction, std::string_view topic) override;
  void save(Direction direction, std::string_view topic, const RetainedRow& row) override;
  void erase(Direction direction, std::string_view topic) override;
  Topics behind(Direction direction, std::string_view after, std::size_t limit) override;
  FormerTargets former(Direction direction) override;
  void save_former(Direction direction, std::string_view target, LaneId lane) override;
  void erase_former(Direction direction, std::string_view target) override;
  Fate fate(LaneSequence place) override;

  // The store was opened anew.
  void load() { swept_.clear(); }
  // About once a second, so that they do not gather: the rows of clears that have crossed go, some
  // of a lane at a time. Those that the far side did not get stay for the next comparison.
  void sweep(const LaneState& lane);

 private:
  Transaction& transaction_;
  Books& books_;
  std::map<LaneId, std::uint64_t> swept_;  // up to this sequence
};

}  // namespace bascule
