#include "journal/repeats/recollection.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace bascule {
namespace {

constexpr int rows_at_once = 1'000;

// The rows of a table that begin before a sequence, the newest first.
template <typename Row>
class Descending {
 public:
  using Read = std::function<std::vector<Row>(std::uint64_t before)>;
  Descending(Read read, std::uint64_t before) : read_(std::move(read)), before_(before) {}

  const Row* next() {  // null: there is none
    if (at_ == rows_.size() && more_) {
      rows_ = read_(before_);
      at_ = 0;
      more_ = rows_.size() == rows_at_once;
    }
    return at_ == rows_.size() ? nullptr : &rows_[at_];
  }
  void pass() { before_ = rows_[at_++].first; }

 private:
  Read read_;
  std::uint64_t before_;
  std::vector<Row> rows_;
  std::size_t at_ = 0;
  bool more_ = true;
};

}  // namespace

bool Recollection::add(int boot, std::int64_t captured_ms, const std::vector<Receipt>& receipts,
                       std::size_t& count) {
  for (auto receipt = receipts.rbegin(); receipt != receipts.rend(); ++receipt) {
    if (receipt->session != session_) return false;
    if (receipt->packet_id == 0) continue;
    if (++count > Receipts::remembered) {
      complete_ = false;
      return false;
    }
    deliveries_.push_back({boot, captured_ms, *receipt});
  }
  return true;
}

// What is left of rows that made room, or were given up, lies between those that are there.
void Recollection::read(LaneId lane, std::uint64_t end) {
  Descending<BatchHead> heads(
      [&](std::uint64_t before) {
        return store_.batches().heads_before(lane, before, rows_at_once);
      },
      end);
  Descending<ReceiptTable::Row> gone(
      [&](std::uint64_t before) {
        return store_.receipts().rows_before(lane, before, rows_at_once);
      },
      end);
  std::size_t count = 0;
  while (end > 1) {
    const BatchHead* const head = heads.next();
    const ReceiptTable::Row* const row = gone.next();
    if (head == nullptr && row == nullptr) {
      complete_ = false;  // they were given up, and nobody knows whose they were
      return;
    }
    if (row == nullptr || (head != nullptr && head->first > row->first)) {
      const auto receipts = store_.batches().receipts(lane, *head);
      if (!add(head->boot, head->captured_ms, receipts, count)) return;
      end = head->first;
      heads.pass();
    } else {
      if (!add(row->boot, row->captured_ms, row->receipts, count)) return;
      end = row->first;
      gone.pass();
    }
  }
}

Receipts Recollection::receipts() {
  std::reverse(deliveries_.begin(), deliveries_.end());
  std::stable_sort(deliveries_.begin(), deliveries_.end(),
                   [](const Delivery& a, const Delivery& b) {
                     return std::tie(a.boot, a.captured_ms) < std::tie(b.boot, b.captured_ms);
                   });
  Receipts receipts;
  for (const Delivery& delivery : deliveries_) receipts.add(delivery.receipt);
  return receipts;
}

}  // namespace bascule
