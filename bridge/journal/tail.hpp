// The newest batches of every lane, in memory: a forwarder that has caught up reads them here
// instead of from the disk. Bounded by bytes. Owned by the journal's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <map>

#include "journal/store.hpp"

namespace bascule {

class Tail {
 public:
  explicit Tail(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // A committed batch, newer than all others of its lane.
  void push(BatchPtr batch);

  // The batch that holds the sequence; nothing if it is not here.
  BatchPtr find(LaneId lane, std::uint64_t sequence) const;

  // The batch that begins with `first` was given up.
  void forget(LaneId lane, std::uint64_t first);

  void clear();

 private:
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<BatchPtr> age_;  // oldest first, over all lanes
  std::map<LaneId, std::deque<BatchPtr>> lanes_;
};

}  // namespace bascule
