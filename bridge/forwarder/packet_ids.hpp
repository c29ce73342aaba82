// The packet ids of QoS 2 that are in use with one broker. Given in turn, so that one that became
// free rests for as long as can be. Not thread-safe: it has one owner.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "link/link.hpp"

namespace bascule {

class PacketIds {
 public:
  std::optional<std::uint16_t> take() {
    if (used_.all()) return std::nullopt;
    while (used_.test(next_)) next_ = (next_ + 1) % claimable_ids;
    used_.set(next_);
    const auto id = static_cast<std::uint16_t>(first_claimable_id + next_);
    next_ = (next_ + 1) % claimable_ids;
    return id;
  }
  std::size_t in_use() const { return used_.count(); }

  // One that was taken earlier; what is given later comes after it.
  void reserve(std::uint16_t id) {
    if (id < first_claimable_id) return;
    used_.set(id - first_claimable_id);
    next_ = (id - first_claimable_id + 1) % claimable_ids;
  }
  void give_back(std::uint16_t id) {
    if (id >= first_claimable_id) used_.reset(id - first_claimable_id);
  }
  void give_all_back() { used_.reset(); }

 private:
  std::bitset<claimable_ids> used_;
  std::size_t next_ = 0;
};

}  // namespace bascule
