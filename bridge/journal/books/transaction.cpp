#include "journal/books/transaction.hpp"

#include "clock.hpp"

namespace bascule {

void Transaction::open(const JournalSettings& settings, const std::string& bridge_id) {
  store_ = std::make_unique<Store>(settings, bridge_id);
}

void Transaction::close() {
  store_.reset();
  under_way_ = urgent_ = false;
  changed_ms_ = 0;
}

Store& Transaction::store() const {
  if (store_ == nullptr) throw JournalError("the journal is closed");
  return *store_;
}

Store& Transaction::write() {
  Store& store = this->store();
  if (!under_way_) {
    store.begin();
    under_way_ = true;
  }
  return store;
}

void Transaction::change_later() {
  if (changed_ms_ == 0) changed_ms_ = boottime_ms();
}

bool Transaction::due() const { return urgent_ || waited(flush_after_ms); }

bool Transaction::ripe() const { return waited(join_after_ms); }

bool Transaction::waited(std::int64_t ms) const {
  return changed_ms_ != 0 && boottime_ms() - changed_ms_ >= ms;
}

void Transaction::roll_back() {
  store().roll_back();
  under_way_ = urgent_ = false;
  changed_ms_ = 0;
}

void Transaction::commit(bool whole) {
  store().commit();
  under_way_ = urgent_ = false;
  if (whole) changed_ms_ = 0;
}

}  // namespace bascule
