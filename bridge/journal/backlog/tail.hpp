// What has been committed and not been read yet, in memory: a forwarder that keeps up reads it here
// instead of from the disk. Bounded by bytes. Owned by the journal's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <map>

#include "journal/store/store.hpp"

namespace bascule {

class Tail {
 public:
  explicit Tail(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // A committed batch, newer than all others of its lane. Once there is no room, the lane that has
  // the most goes without its newest: what will be asked for last.
  void push(BatchPtr batch);

  // The batch that holds the sequence; nothing if it is not here.
  BatchPtr find(LaneId lane, std::uint64_t sequence) const;

  // The lane has been read up to `sequence`, without it.
  void passed(LaneId lane, std::uint64_t sequence);

  // The batch that begins with `first` was given up.
  void forget(LaneId lane, std::uint64_t first);

  void clear();

 private:
  struct Lane {
    std::deque<BatchPtr> batches;
    std::size_t bytes = 0;
  };

  void release(Lane& lane, const Batch& batch);

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<LaneId, Lane> lanes_;
};

}  // namespace bascule
