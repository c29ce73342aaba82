#include "journal/backlog/lane_order.hpp"

#include <algorithm>
#include <limits>

namespace bascule {

void LaneOrder::load() { orders_ = transaction_.store().configuration().orders(); }

void LaneOrder::put_behind(LaneId lane, LaneId former) {
  const LaneState& waits = books_.lanes().at(lane - 1U);
  const LaneState& goes = books_.lanes().at(former - 1U);
  if (lane == former || goes.in_order() == 0) return;
  const LaneOrderRow order{lane, waits.next, former, goes.next - 1};
  if (std::ranges::find(orders_, order) != orders_.end()) return;
  transaction_.write().configuration().add(order);
  transaction_.urge();
  orders_.push_back(order);
}

bool LaneOrder::passed(const LaneOrderRow& order) const {
  return books_.lanes().at(order.former - 1U).cursor >= order.last;
}

std::uint64_t LaneOrder::end(LaneId lane) const {
  std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
  for (const LaneOrderRow& order : orders_) {
    if (order.lane == lane && !passed(order)) end = std::min(end, order.first);
  }
  return end;
}

std::optional<LaneOrder::Wait> LaneOrder::wait(LaneId lane) const {
  const LaneState& state = books_.lanes().at(lane - 1U);
  const auto first = std::ranges::find_if(orders_, [&](const LaneOrderRow& order) {
    return order.lane == lane && order.first < state.next && !passed(order);
  });
  if (first == orders_.end()) return std::nullopt;
  Wait wait{first->former, 0};
  const LaneState& former = books_.lanes().at(first->former - 1U);
  for (const SequenceRange& range : former.backlog_in(1, first->last)) {
    wait.messages += range.last - range.first + 1;
  }
  return wait;
}

bool LaneOrder::forget_passed() {
  const auto passed_now = std::erase_if(orders_, [&](const LaneOrderRow& order) {
    if (!passed(order)) return false;
    transaction_.write().configuration().erase(order);
    transaction_.urge();
    return true;
  });
  return passed_now > 0;
}

}  // namespace bascule
