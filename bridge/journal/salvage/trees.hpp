// Which page of a database belongs to which of its trees, and which to none: by the pointer map,
// which auto_vacuum keeps. It lies apart from the trees and has each page's parent, so that a node
// that is damaged takes nothing with it but itself. Where the map itself is damaged, the nodes that
// are whole say whose their children are.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "journal/salvage/rows.hpp"

namespace bascule {

class Trees {
 public:
  explicit Trees(const Pages& pages);

  bool mapped() const { return mapped_; }  // the whole map is there
  // The root of the tree that the page is a node of; 0: it is none, or that is not known.
  std::uint32_t root_of(std::uint32_t page) const;
  // Free, or a piece of a long row, or of the map.
  bool is_other(std::uint32_t page) const;
  bool has_children(std::uint32_t page) const { return has_children_.at(page); }
  // Where the map does not say it: whose the nodes below this one are.
  void follow(std::uint32_t root);

  struct Keys {  // above `low`, up to `high`
    std::int64_t low = std::numeric_limits<std::int64_t>::min();
    std::int64_t high = std::numeric_limits<std::int64_t>::max();
  };
  // Of a table, which rows the node may have, as far as those above it say.
  Keys keys_in(std::uint32_t page) const;

 private:
  // As the map has it.
  enum class Use : std::uint8_t { unknown, root, free, long_row, long_row_further, node, map };

  void read_map(std::uint32_t map);

  const Pages& pages_;
  bool mapped_ = true;
  // By page.
  std::vector<Use> uses_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint32_t> roots_;
  std::vector<bool> has_children_;
};

}  // namespace bascule
