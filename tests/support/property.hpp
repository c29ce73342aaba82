// Property tests as doctest checks, and what several of them draw. RC_PARAMS (see rapidcheck) sets
// the seed and the number of cases.
#pragma once

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <utility>

namespace bascule::test {

template <typename Property>
void check_property(const std::string& sentence, Property property) {
  CHECK(rc::check(sentence, std::move(property)));
}

// A topic of few, short levels over a small alphabet, so that two of them often meet.
inline rc::Gen<std::string> topics() {
  const auto level = rc::gen::element<std::string>("a", "b", "c", "", "$a");
  return rc::gen::exec([level] {
    std::string topic = *level;
    for (int more = *rc::gen::inRange(0, 4); more > 0; --more) topic += '/' + *level;
    return topic.empty() ? std::string("a") : topic;
  });
}

inline rc::Gen<std::string> filters() {
  const auto level =
      rc::gen::weightedElement<std::string>({{4, "a"}, {3, "b"}, {1, ""}, {4, "+"}, {1, "$a"}});
  return rc::gen::exec([level] {
    if (*rc::gen::inRange(0, 12) == 0) return std::string("#");
    std::string filter = *level;
    for (int more = *rc::gen::inRange(0, 4); more > 0; --more) filter += '/' + *level;
    if (*rc::gen::inRange(0, 3) == 0) filter += "/#";
    return filter.empty() ? std::string("a") : filter;
  });
}

}  // namespace bascule::test
