#include "message/filter_tree.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "message/topic.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

FilterTree tree_of(const std::vector<std::string>& filters) {
  FilterTree tree;
  for (std::uint32_t i = 0; i < filters.size(); ++i) tree.add(filters[i], i);
  return tree;
}

}  // namespace

TEST_CASE("filter tree: it finds what matches, and what overlaps, and nothing else") {
  check_property("filter tree: as topic.hpp says", [] {
    const auto list = *rc::gen::container<std::vector<std::string>>(filters());
    const std::string topic = *topics(), filter = *filters();
    const FilterTree tree = tree_of(list);
    FilterTree::Numbers matching, overlapping, found;
    for (std::uint32_t i = 0; i < list.size(); ++i) {
      if (matches(list[i], topic)) matching.push_back(i);
      if (overlap(list[i], filter)) overlapping.push_back(i);
    }
    tree.matching(topic, found);
    RC_ASSERT(found == matching);
    tree.overlapping(filter, found);
    RC_ASSERT(found == overlapping);
  });
}

TEST_CASE("filter tree: a question looks at as many levels among 10,000 filters as among 10") {
  std::size_t levels[2] = {};
  for (const int count : {10, 10'000}) {
    std::vector<std::string> list;
    for (int i = 0; i < count; ++i) list.push_back("plant/device" + std::to_string(i) + "/+/#");
    const FilterTree tree = tree_of(list);
    FilterTree::Numbers found;
    std::size_t& looked_at = levels[count == 10 ? 0 : 1];
    looked_at = tree.matching("plant/device7/temperature/1", found);
    CHECK(found == FilterTree::Numbers{7});
    looked_at += tree.overlapping("plant/device7/#", found);
    CHECK(found == FilterTree::Numbers{7});
  }
  CHECK(levels[0] == levels[1]);
}
