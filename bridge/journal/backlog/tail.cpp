#include "journal/backlog/tail.hpp"

#include <algorithm>

namespace bascule {

void Tail::push(BatchPtr batch) {
  auto& lane = lanes_[batch->lane];
  lane.bytes += batch->data.size();
  bytes_ += batch->data.size();
  lane.batches.push_back(std::move(batch));
  while (bytes_ > bytes_max_) {
    auto& most = std::max_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
                   return a.second.bytes < b.second.bytes;
                 })->second;
    release(most, *most.batches.back());
    most.batches.pop_back();
  }
}

BatchPtr Tail::find(LaneId id, std::uint64_t sequence) const {
  const auto lane = lanes_.find(id);
  if (lane == lanes_.end()) return nullptr;
  const auto& batches = lane->second.batches;
  const auto after = std::upper_bound(
      batches.begin(), batches.end(), sequence,
      [](std::uint64_t value, const BatchPtr& batch) { return value < batch->first; });
  if (after == batches.begin() || (*std::prev(after))->last() < sequence) return nullptr;
  return *std::prev(after);
}

void Tail::passed(LaneId id, std::uint64_t sequence) {
  const auto found = lanes_.find(id);
  if (found == lanes_.end()) return;
  auto& lane = found->second;
  while (!lane.batches.empty() && lane.batches.front()->last() < sequence) {
    release(lane, *lane.batches.front());
    lane.batches.pop_front();
  }
}

void Tail::forget(LaneId id, std::uint64_t first) {
  const auto found = lanes_.find(id);
  if (found == lanes_.end()) return;
  auto& lane = found->second;
  std::erase_if(lane.batches, [&](const BatchPtr& batch) {
    if (batch->first != first) return false;
    release(lane, *batch);
    return true;
  });
}

void Tail::clear() {
  lanes_.clear();
  bytes_ = 0;
}

void Tail::release(Lane& lane, const Batch& batch) {
  lane.bytes -= batch.data.size();
  bytes_ -= batch.data.size();
}

}  // namespace bascule
