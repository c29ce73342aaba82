// The few values of policies' state that step after step replaces, as counters: read once, and
// written once per commit. What is not among the last ones replaced is written at once. Of one
// store; journal's thread.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/store/table/policy/policy_rows.hpp"

namespace bascule {

class HotState {
 public:
  // Null: not here. Until the next call of another function.
  const StateRow* find(PolicyId policy, std::string_view key) const {
    const auto found = place(policy, key);
    return found == kept_.end() ? nullptr : &found->row;
  }

  // Has a value instead of the one that is stored. `write` gets what has to make room, a StateRow:
  // the value itself if it is large.
  template <typename Write>
  void replace(PolicyId policy, std::string_view key, StateRow row, const Write& write) {
    if (const auto old = place(policy, key); old != kept_.end()) kept_.erase(old);
    if (row.value.size() > value_bytes_max) return write(row);
    if (kept_.size() == count_max) {
      const auto oldest = kept_.begin();
      if (oldest->changed) write(oldest->row);
      kept_.erase(oldest);
    }
    kept_.push_back({policy, std::string(key), std::move(row), true});
  }
  void forget(PolicyId policy, std::string_view key) {
    if (const auto found = place(policy, key); found != kept_.end()) kept_.erase(found);
  }
  // Gives `write` everything that is not stored yet.
  template <typename Write>
  void write_all(const Write& write) {
    for (auto& one : kept_) {
      if (std::exchange(one.changed, false)) write(one.row);
    }
  }

 private:
  static constexpr std::size_t count_max = 16;
  static constexpr std::size_t value_bytes_max = 256;

  struct Kept {
    PolicyId policy;
    std::string key;
    StateRow row;
    bool changed;  // not stored yet
  };
  std::vector<Kept>::const_iterator place(PolicyId policy, std::string_view key) const {
    return std::find_if(kept_.begin(), kept_.end(),
                        [&](const Kept& one) { return one.policy == policy && one.key == key; });
  }

  std::vector<Kept> kept_;  // the one that was replaced last is the last
};

}  // namespace bascule
