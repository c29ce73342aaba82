// A policy's decided inputs, oldest first, fetched page by page: what a replay runs over.
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "message/per_direction.hpp"
#include "replay/past.hpp"
#include "replay/replay.hpp"

namespace bascule {

class PastInputs {
 public:
  struct One {
    PastInput input;
    InputKind kind = InputKind::message;
    std::string topic;
    std::string payload;  // of a wake: the time asked for
    std::string verdict;  // that was kept, JSON
    bool quarantined = false;
  };

  // `past` outlives it. Throws as it does.
  PastInputs(const Past& past, std::string policy);

  // Nothing: that was the last.
  const One* next();

  // Whether this wake is the input that next() gave, or among the few thousand behind it: it comes
  // by itself.
  bool will_come(const Replay::Wake& wake) const;

  const std::string& epoch() const { return epoch_; }
  // The journal still has all there ever was.
  bool from_the_start() const { return from_the_start_; }
  // All that there are, as far as is known.
  std::uint64_t total() const { return total_; }

 private:
  bool fetch();

  const Past& past_;
  std::string policy_;
  std::deque<One> ahead_;
  One current_;
  std::multiset<std::pair<std::string, std::string>> wakes_;  // ahead: name and time
  PerDirection<std::uint64_t> known_;
  bool at_end_ = false;
  bool from_the_start_ = true;
  std::uint64_t total_ = 0;
  std::string epoch_;
};

}  // namespace bascule
