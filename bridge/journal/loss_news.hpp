// What is told of losses: an overflow loses hundreds of messages within a few milliseconds, and
// lines and events about each would compete for the disk that is full. Of one lane and reason what
// is lost is told at once, and what follows together, a second later. The ledger has each range.
// Pure; one owner.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "journal/store/table/message/loss_ledger.hpp"

namespace bascule {

class LossNews {
 public:
  static constexpr std::int64_t pause_ms = 1'000;

  // Written down, but not committed. Then one of the two follows.
  void add(const Loss& loss);
  void committed();
  void undone() { uncommitted_.clear(); }

  // What is to be told now, at this boot time: joined, from the first to the last, with how many.
  std::vector<Loss> take_due(std::int64_t now_ms);
  std::vector<Loss> take_all();

 private:
  using Kind = std::pair<LaneId, std::string>;  // with the reason
  struct News {
    Loss untold;                // of none, if it counts 0
    std::int64_t told_ms = -1;  // boot time; -1: never
  };
  static void join(Loss& all, const Loss& loss);

  std::map<Kind, Loss> uncommitted_;
  std::map<Kind, News> news_;
};

}  // namespace bascule
