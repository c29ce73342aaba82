// MQTT filters, each under a number, found by a topic that they match or by a filter that they
// overlap with (topic.hpp), without looking at the others: their levels make a tree. What it costs
// grows with the levels and with what is found, not with how many filters there are.
//
// Whoever only asks may do so on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bascule {

class FilterTree {
 public:
  using Numbers = std::vector<std::uint32_t>;

  // A valid filter; the same one may be there under several numbers.
  void add(std::string_view filter, std::uint32_t number);

  // Writes the numbers of all that match the topic, ascending, over `found`. Returns how many
  // levels were looked at.
  std::size_t matching(std::string_view topic, Numbers& found) const;
  // Likewise, of all that overlap with a valid filter.
  std::size_t overlapping(std::string_view filter, Numbers& found) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Node {
    std::unordered_map<std::string, std::unique_ptr<Node>, Hash, std::equal_to<>> next;
    std::unique_ptr<Node> any;  // of one level, "+"
    Numbers here;               // filters that end here …
    Numbers below;              // … or in a "#" behind it
  };
  struct Search;

  Node root_;
};

}  // namespace bascule
