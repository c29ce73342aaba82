#include "journal/tail.hpp"

#include <algorithm>

namespace bascule {

void Tail::push(BatchPtr batch) {
  bytes_ += batch->data.size();
  lanes_[batch->lane].push_back(batch);
  age_.push_back(std::move(batch));
  while (bytes_ > bytes_max_ && !age_.empty()) {
    // The oldest of all is the oldest of its lane, if it was not forgotten.
    auto& lane = lanes_[age_.front()->lane];
    if (!lane.empty() && lane.front() == age_.front()) lane.pop_front();
    bytes_ -= age_.front()->data.size();
    age_.pop_front();
  }
}

BatchPtr Tail::find(LaneId id, std::uint64_t sequence) const {
  const auto lane = lanes_.find(id);
  if (lane == lanes_.end()) return nullptr;
  const auto after = std::upper_bound(
      lane->second.begin(), lane->second.end(), sequence,
      [](std::uint64_t value, const BatchPtr& batch) { return value < batch->first; });
  if (after == lane->second.begin() || (*std::prev(after))->last() < sequence) return nullptr;
  return *std::prev(after);
}

void Tail::forget(LaneId id, std::uint64_t first) {
  const auto lane = lanes_.find(id);
  if (lane == lanes_.end()) return;
  std::erase_if(lane->second, [&](const BatchPtr& batch) { return batch->first == first; });
}

void Tail::clear() {
  age_.clear();
  lanes_.clear();
  bytes_ = 0;
}

}  // namespace bascule
