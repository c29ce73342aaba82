#include "journal/repeats/recollection.hpp"

#include <algorithm>
#include <tuple>

namespace bascule {
namespace {

constexpr int rows_at_once = 1'000;

}  // namespace

void Recollection::read(LaneId lane, std::uint64_t end) {
  std::size_t count = 0;
  while (end > 1) {
    const auto heads = batches_.heads_before(lane, end, rows_at_once);
    if (heads.empty()) {
      complete_ = false;  // they were given up, and nobody knows whose they were
      return;
    }
    for (const BatchHead& head : heads) {
      const auto receipts = batches_.receipts(lane, head);
      for (auto receipt = receipts.rbegin(); receipt != receipts.rend(); ++receipt) {
        if (receipt->session != session_) return;
        if (receipt->packet_id == 0) continue;
        if (++count > Receipts::remembered) {
          complete_ = false;
          return;
        }
        deliveries_.push_back({head.boot, head.captured_ms, *receipt});
      }
      end = head.first;
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
