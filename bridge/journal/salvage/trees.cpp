#include "journal/salvage/trees.hpp"

#include <algorithm>

namespace bascule {
namespace {

constexpr std::size_t entry_bytes = 5;
constexpr std::uint32_t lock_page = 0x40000000 / Pages::page_bytes + 1;  // never used
constexpr int depth_max = 24;

}  // namespace

Trees::Trees(const Pages& pages)
    : pages_(pages),
      uses_(pages.count() + 1),
      parents_(pages.count() + 1),
      roots_(pages.count() + 1),
      has_children_(pages.count() + 1) {
  const auto apart = static_cast<std::uint32_t>(pages.usable_bytes() / entry_bytes + 1);
  for (std::uint32_t map = 2; map <= pages.count(); map += apart) {
    read_map(map == lock_page ? map + 1 : map);
  }
  if (pages.count() >= 1) uses_[1] = Use::root;
  if (pages.count() >= lock_page) uses_[lock_page] = Use::map;
  for (std::uint32_t page = 1; page <= pages.count(); ++page) {
    if (uses_[page] == Use::node) has_children_[parents_[page]] = true;
    std::uint32_t at = page;
    for (int depth = 0; uses_[at] == Use::node && depth < depth_max; ++depth) at = parents_[at];
    if (uses_[at] == Use::root) roots_[page] = at;
  }
}

void Trees::read_map(std::uint32_t map) {
  if (map > pages_.count()) return;
  uses_[map] = Use::map;
  const std::string page = pages_.read(map);
  const std::size_t entries =
      std::min<std::size_t>(pages_.usable_bytes() / entry_bytes, pages_.count() - map);
  for (const bool check : {true, false}) {
    for (std::size_t i = 0; i < entries; ++i) {
      const auto of = static_cast<std::uint32_t>(map + 1 + i);
      const auto use = page.empty() ? 0 : static_cast<unsigned char>(page[i * entry_bytes]);
      const std::uint32_t parent = page.empty() ? 0 : big32(page, i * entry_bytes + 1);
      const bool has_parent = use >= static_cast<int>(Use::long_row);
      const bool sound =
          of == lock_page || (use >= 1 && use <= static_cast<int>(Use::node) &&
                              has_parent == (parent != 0) && parent <= pages_.count());
      if (check && !sound) {
        mapped_ = false;
        return;
      }
      if (check) continue;
      uses_[of] = static_cast<Use>(use);
      parents_[of] = parent;
    }
  }
}

std::uint32_t Trees::root_of(std::uint32_t page) const { return roots_.at(page); }

bool Trees::is_other(std::uint32_t page) const {
  const Use use = uses_.at(page);
  return use != Use::unknown && use != Use::root && use != Use::node;
}

void Trees::follow(std::uint32_t root) {
  if (root == 0 || root > pages_.count()) return;
  if (uses_[root] == Use::unknown) uses_[root] = Use::root;
  if (uses_[root] != Use::root) return;
  roots_[root] = root;
  std::vector<std::uint32_t> to_visit{root};
  for (std::uint32_t page = 1; page <= pages_.count(); ++page) {
    if (page != root && roots_[page] == root) to_visit.push_back(page);
  }
  while (!to_visit.empty()) {
    const std::uint32_t page = to_visit.back();
    to_visit.pop_back();
    const auto node = read_node(pages_, page);
    if (!node) continue;
    for (const Node::Child& child : node->children) {
      if (roots_[child.page] != 0 || uses_[child.page] != Use::unknown) continue;
      uses_[child.page] = Use::node;
      parents_[child.page] = page;
      roots_[child.page] = root;
      has_children_[page] = true;
      to_visit.push_back(child.page);
    }
  }
}

Trees::Keys Trees::keys_in(std::uint32_t page) const {
  Keys keys;
  bool below = false, above = false;
  for (int depth = 0; uses_.at(page) == Use::node && depth < depth_max; ++depth) {
    const auto parent = read_node(pages_, parents_[page]);
    if (!parent || parent->kind != Node::Kind::table) break;
    const auto& children = parent->children;
    const auto child = std::ranges::find(children, page, &Node::Child::page);
    if (child == children.end()) break;
    if (!above && child + 1 != children.end()) {
      keys.high = child->key;
      above = true;
    }
    if (!below && child != children.begin()) {
      keys.low = std::prev(child)->key;
      below = true;
    }
    page = parents_[page];
  }
  return keys;
}

}  // namespace bascule
