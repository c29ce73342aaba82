#include "message/filter_tree.hpp"

#include <algorithm>

namespace bascule {
namespace {

// Takes the first level off; `last`: nothing is behind it.
std::string_view take_level(std::string_view& rest, bool& last) {
  const auto slash = rest.find('/');
  last = slash == rest.npos;
  const std::string_view level = rest.substr(0, slash);
  rest.remove_prefix(last ? rest.size() : slash + 1);
  return level;
}

}  // namespace

// A question on its way through the tree.
struct FilterTree::Search {
  Numbers& found;
  bool filter;  // it is about a filter, else about a topic
  std::size_t looked_at = 0;

  void take(const Numbers& numbers) { found.insert(found.end(), numbers.begin(), numbers.end()); }
  // # and + do not match a first level that begins with $.
  void all(const Node& node, bool first) {
    ++looked_at;
    take(node.here);
    take(node.below);
    below(node, first);
  }
  void below(const Node& node, bool first) {
    if (node.any) all(*node.any, false);
    for (const auto& [level, next] : node.next) {
      if (!first || !level.starts_with('$')) all(*next, false);
    }
  }
  // `nothing`: what is common so far is one empty level, which by itself is no topic.
  void end(const Node& node, bool nothing) {
    take(node.here);
    if (!nothing) take(node.below);
  }
  void go(const Node& node, std::string_view rest, bool first, bool nothing = false) {
    bool last = false;
    const std::string_view level = take_level(rest, last);
    const bool dollar = first && level.starts_with('$');
    if (filter && level == "#" && !nothing) return all(node, first);
    ++looked_at;
    if (!dollar) take(node.below);
    if (filter && level == "#") return below(node, first);
    const auto on = [&](const Node& next, bool empty) {
      if (last) return end(next, empty);
      go(next, rest, false, empty);
    };
    const bool empty = first && level.empty();
    if (node.any && !dollar) on(*node.any, empty);
    if (filter && level == "+") {
      for (const auto& [name, next] : node.next) {
        if (!first || !name.starts_with('$')) on(*next, first && name.empty());
      }
    } else if (const auto next = node.next.find(level); next != node.next.end()) {
      on(*next->second, empty);
    }
  }
};

void FilterTree::add(std::string_view filter, std::uint32_t number) {
  Node* node = &root_;
  for (bool last = false; !last;) {
    const std::string_view level = take_level(filter, last);
    if (level == "#") return node->below.push_back(number);
    auto& next = level == "+" ? node->any : node->next[std::string(level)];
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
  }
  node->here.push_back(number);
}

std::size_t FilterTree::matching(std::string_view topic, Numbers& found) const {
  found.clear();
  Search search{found, false};
  search.go(root_, topic, true);
  std::ranges::sort(found);
  return search.looked_at;
}

std::size_t FilterTree::overlapping(std::string_view filter, Numbers& found) const {
  found.clear();
  Search search{found, true};
  search.go(root_, filter, true);
  std::ranges::sort(found);
  return search.looked_at;
}

}  // namespace bascule
