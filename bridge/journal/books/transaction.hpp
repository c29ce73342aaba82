// The journal's store, and what is changed in it and not committed yet. Begun by the first change,
// ended by commit(); what was not committed is gone when the store is closed. One owner; journal's
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "journal/settings.hpp"
#include "journal/store/store.hpp"

namespace bascule {

class Transaction {
 public:
  // What may wait goes with a commit that is made anyway once it is so old, and has one of its own
  // after so long.
  static constexpr std::int64_t join_after_ms = 3'000;
  static constexpr std::int64_t flush_after_ms = 5'000;

  void open(const JournalSettings& settings, const std::string& bridge_id);  // throws JournalError
  void close();
  bool is_open() const { return store_ != nullptr; }

  // Throw JournalError if it is closed. What is changed is changed through write(), which begins
  // the transaction.
  Store& store() const;
  Store& write();
  bool under_way() const { return under_way_; }

  // Something was changed: somebody waits for its commit, or it may wait for a while.
  void urge() { urgent_ = true; }
  void change_later();
  bool due() const;   // to be committed now
  bool ripe() const;  // what may wait has waited long enough to go with a commit
  bool changed() const { return urgent_ || changed_ms_ != 0; }

  // Throws DatabaseError, JournalError. `whole`: with what may wait.
  void commit(bool whole = true);
  void roll_back();

 private:
  bool waited(std::int64_t ms) const;

  std::unique_ptr<Store> store_;
  bool under_way_ = false;
  bool urgent_ = false;
  std::int64_t changed_ms_ = 0;  // boot time of the first change that may wait; 0: none
};

}  // namespace bascule
