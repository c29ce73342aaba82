#include "stick/beginning.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

constexpr auto epoch = "5f3a9c1e0d2b4a67", other = "00000000000000aa";

StickHead head(std::string marked = "") {
  return {"store-42", epoch, std::move(marked), "b", "s", 0, true, {{"sales", 20}, {"state", 7}}};
}

FarKnowledge bookmark(std::string of, std::map<std::string, std::uint64_t, std::less<>> lanes) {
  FarKnowledge far;
  far.asked = far.readable = true;
  far.epoch = std::move(of);
  far.lanes = std::move(lanes);
  return far;
}

// A lane that has 11 to 30 on the stick.
const StickLane lane{"sales", 11, 30, 20};

}  // namespace

TEST_CASE("import: goes on behind the bookmark, wherever that stands on the stick or beyond") {
  for (const std::uint64_t stands : {10, 15, 30, 99}) {
    CAPTURE(stands);
    const Beginning begin = begin_in(head(), lane, bookmark(epoch, {{"sales", stands}}));
    CHECK(begin.certain);
    CHECK(begin.from == stands + 1);
  }
}

TEST_CASE("import: what is missing between the bookmark and the stick is named, and not certain") {
  const Beginning gap = begin_in(head(), lane, bookmark(epoch, {{"sales", 8}}));
  CHECK_FALSE(gap.certain);
  CHECK(gap.from == 11);
  CHECK(gap.why == "9 to 10 are not on it, and have not come here by its bookmark");
  CHECK_FALSE(begin_in(head(), lane, bookmark(epoch, {{"state", 30}})).certain);
  const Beginning none = begin_in(head(), lane, bookmark("", {}));
  CHECK_FALSE(none.certain);
  CHECK(none.why ==
        "1 to 10 are not on it, and have not come here by its bookmark (there is none)");
  CHECK(begin_in(head(), {"sales", 1, 30, 20}, bookmark("", {})).certain);
}

TEST_CASE("import: a bookmark of another epoch is believed only as the one before") {
  const Beginning strange = begin_in(head(), lane, bookmark(other, {{"sales", 15}}));
  CHECK_FALSE(strange.certain);
  CHECK(strange.from == 21);
  const Beginning former = begin_in(head(other), lane, bookmark(other, {{"sales", 15}}));
  CHECK(former.certain);
  CHECK(former.from == 21);
  CHECK(lanes_known(head(other), bookmark(other, {{"sales", 15}})) == head().cursors);
  // What is there now is newer than the stick.
  CHECK_FALSE(begin_in(head(epoch), lane, bookmark(other, {{"sales", 15}})).certain);
  CHECK(lanes_known(head(), bookmark(epoch, {{"x", 1}})).size() == 1);
}
