#include "message/topic.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;
using namespace std::string_literals;

namespace {

// Every topic of up to four levels over an alphabet that holds a level which no filter names: what
// filters do to these, they do to all.
const std::vector<std::string>& all_small_topics() {
  static const auto topics = [] {
    std::vector<std::string> all;
    const std::vector<std::string> alphabet{"a", "b", "", "x", "$a"};
    const std::function<void(const std::string&, int)> extend = [&](const std::string& topic,
                                                                    int levels) {
      if (!topic.empty()) all.push_back(topic);
      if (levels == 5) return;
      for (const auto& level : alphabet) extend(topic + '/' + level, levels + 1);
    };
    for (const auto& level : alphabet) extend(level, 1);
    return all;
  }();
  return topics;
}

}  // namespace

TEST_CASE("topic: UTF-8 is taken in all its lengths, at all offsets") {
  for (const auto* text : {"a", "é", "€", "😀", "\uFEFF", "\U0010FFFF", "\uD7FF", "\uE000"}) {
    for (std::size_t offset = 0; offset < 20; ++offset) {
      CHECK(valid_utf8(std::string(offset, 'x') + text));
      CHECK(valid_utf8(std::string(offset, 'x') + text + "12345678"));
    }
  }
  CHECK(valid_utf8(""));
  CHECK(valid_utf8(std::string(65'535, 'x')));
}

TEST_CASE("topic: what is not UTF-8 is refused at every offset") {
  const std::vector<std::string> bad{
      "\0"s,               // U+0000
      "\x80",              // a continuation alone
      "\xC3",              // cut short
      "\xE2\x82",          // cut short
      "\xF0\x9F\x98",      // cut short
      "\xC0\x80",          // overlong U+0000
      "\xC1\xBF",          // overlong
      "\xE0\x9F\xBF",      // overlong
      "\xF0\x8F\xBF\xBF",  // overlong
      "\xED\xA0\x80",      // surrogate U+D800
      "\xED\xBF\xBF",      // surrogate U+DFFF
      "\xF4\x90\x80\x80",  // U+110000
      "\xF5\x80\x80\x80",
      "\xFE",
      "\xFF",
      "\xC3(",
      "\xE2(\xA1",
      "\xE2\x82(",
      "\xF0\x9F\x98(",
  };
  for (const auto& text : bad) {
    for (std::size_t offset = 0; offset < 20; ++offset) {
      CAPTURE(text);
      CHECK_FALSE(valid_utf8(std::string(offset, 'x') + text));
      CHECK_FALSE(valid_utf8(std::string(offset, 'x') + text + "12345678"));
    }
  }
  CHECK_FALSE(valid_utf8(std::string(65'536, 'x')));
}

TEST_CASE("topic: a name has 1 to 65,535 bytes and no wildcards") {
  for (const auto* topic : {"a", "/", "a/b", "a//b", "$SYS/x", "a b", "é/€"}) {
    CHECK(valid_topic(topic));
  }
  CHECK(valid_topic(std::string(65'535, 'x')));
  std::string why;
  CHECK_FALSE(valid_topic("", &why));
  CHECK(why == "it is empty");
  CHECK_FALSE(valid_topic("a/+", &why));
  CHECK(why == "+ and # may stand in filters only");
  CHECK_FALSE(valid_topic("a#b"));
  CHECK_FALSE(valid_topic("a/\xFF", &why));
  CHECK(why == "it is not valid UTF-8");
  CHECK_FALSE(valid_topic(std::string(65'536, 'x'), &why));
  CHECK(why == "it is longer than 65,535 bytes");
}

TEST_CASE("topic: a filter has + alone in a level and # alone in the last") {
  for (const auto* filter : {"#", "+", "a", "/", "+/+", "a/+/b", "a/#", "+/#", "/+", "+/", "/#"}) {
    CAPTURE(filter);
    CHECK(valid_filter(filter));
  }
  std::string why;
  for (const auto* filter : {"a+", "+a", "a/b+/c", "a#", "#a", "a/b#", "++", "##"}) {
    CAPTURE(filter);
    CHECK_FALSE(valid_filter(filter, &why));
    CHECK(why == "+ and # must stand alone in their level");
  }
  CHECK_FALSE(valid_filter("", &why));
  CHECK(why == "it is empty");
}

TEST_CASE("topic: a filter with # in the middle is refused") {
  std::string why;
  CHECK_FALSE(valid_filter("a/#/b", &why));
  CHECK(why == "# must be the last level");
  CHECK_FALSE(valid_filter("#/"));
}

TEST_CASE("topic: matching follows the examples of the standard") {
  CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1"));
  CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1/ranking"));
  CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  CHECK(matches("sport/#", "sport"));
  CHECK(matches("sport/tennis/+", "sport/tennis/player1"));
  CHECK_FALSE(matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  CHECK_FALSE(matches("sport/+", "sport"));
  CHECK(matches("sport/+", "sport/"));
  CHECK(matches("+/+", "/finance"));
  CHECK(matches("/+", "/finance"));
  CHECK_FALSE(matches("+", "/finance"));
  CHECK_FALSE(matches("sport", "Sport"));
  CHECK_FALSE(matches("sport", "sports"));
  CHECK_FALSE(matches("sports", "sport"));
  CHECK_FALSE(matches("a/b/#", "a"));
  CHECK(matches("a/+/c/#", "a/b/c"));
}

TEST_CASE("topic: wildcards at the start do not match topics that begin with $") {
  CHECK_FALSE(matches("#", "$SYS/x"));
  CHECK_FALSE(matches("+/x", "$SYS/x"));
  CHECK(matches("$SYS/#", "$SYS/x"));
  CHECK(matches("$SYS/+", "$SYS/x"));
  CHECK(matches("a/+", "a/$x"));
  CHECK_FALSE(overlap("#", "$SYS/#"));
  CHECK_FALSE(covers("#", "$SYS/x"));
  CHECK(join("$SYS/a", "$SYS/b") == "$SYS/+");
  CHECK(join("$SYS/a", "b/a") == "");
}

TEST_CASE("topic: the meeting and the join of filters are the narrowest") {
  CHECK(meet("a/+/c", "+/b/#") == "a/b/c");
  CHECK(meet("a/#", "a") == "a");
  CHECK(meet("a/#", "a/+/#") == "a/+/#");
  CHECK(meet("a/b", "a/c") == "");
  CHECK(meet("a/+", "a") == "");
  CHECK(join("a/b", "a/c") == "a/+");
  CHECK(join("a", "a/b") == "a/#");
  CHECK(join("a/b/c", "a/x/#") == "a/+/#");
  CHECK(join("a/b", "a/b") == "a/b");
}

// The join takes /# by its levels, as if the empty topic were one: hence the exceptions.
TEST_CASE("topic: meet, overlap, covers and join say what matching says") {
  check_property("topic: meet, overlap, covers, join over all small topics", [] {
    const auto a = *filters();
    const auto b = *filters();
    RC_ASSERT(valid_filter(a));
    const auto both = meet(a, b);
    const auto either = join(a, b);
    bool some = false;
    bool all = true;
    for (const auto& topic : all_small_topics()) {
      const bool in_a = matches(a, topic);
      const bool in_b = matches(b, topic);
      some |= in_a && in_b;
      all &= in_a || !in_b;
      RC_ASSERT((!both.empty() && matches(both, topic)) == (in_a && in_b));
      if (!either.empty()) RC_ASSERT(matches(either, topic) || !(in_a || in_b));
    }
    RC_ASSERT(overlap(a, b) == some);
    RC_ASSERT(covers(a, b) == all);
    if (some) RC_ASSERT(!either.empty());
    if (all && b != "/#") RC_ASSERT(covers(a, either));
  });
}

TEST_CASE("topic: no filter that covers two is narrower than their join") {
  check_property("topic: a third filter that covers both covers the join", [] {
    const auto a = *filters();
    const auto b = *filters();
    const auto wide = *filters();
    RC_PRE(covers(wide, a) && covers(wide, b) && a != "/#" && b != "/#");
    RC_ASSERT(covers(wide, join(a, b)));
  });
}

TEST_CASE("topic: every filter over a topic is found, and no other") {
  using Filters = std::vector<std::string>;
  CHECK(filters_over("a", 10) == Filters{"+", "+/#", "a", "a/#", "#"});
  CHECK(filters_over("a/b", 20).size() == 11);
  for (const auto& filter : filters_over("a//$x/b", 100)) {
    CHECK(valid_filter(filter));
    CHECK(matches(filter, "a//$x/b"));
  }
  CHECK(filters_over("$a", 10) == Filters{"$a", "$a/#"});
  CHECK(filters_over("a/b/c", 22).empty());
}
