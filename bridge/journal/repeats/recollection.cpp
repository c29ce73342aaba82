#include "journal/repeats/recollection.hpp"

#include <algorithm>
#include <tuple>

namespace bascule {
namespace {

constexpr int rows_at_once = 1'000;

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

void Recollection::read(LaneId lane, std::uint64_t end) {
  std::size_t count = 0;
  while (end > 1) {
    const auto heads = store_.batches().heads_before(lane, end, rows_at_once);
    if (heads.empty()) break;
    for (const BatchHead& head : heads) {
      const auto receipts = store_.batches().receipts(lane, head);
      if (!add(head.boot, head.captured_ms, receipts, count)) return;
      end = head.first;
    }
  }
  while (end > 1) {
    const auto rows = store_.receipts().rows_before(lane, end, rows_at_once);
    if (rows.empty()) {
      complete_ = false;  // they were given up, and nobody knows whose they were
      return;
    }
    for (const ReceiptTable::Row& row : rows) {
      if (!add(row.boot, row.captured_ms, row.receipts, count)) return;
      end = row.first;
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
