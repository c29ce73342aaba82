#include "message/stamp.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "message/properties.hpp"
#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;

namespace {

const Stamp example{"store-42", "5f3a9c1e0d2b4a67", "sales", 1234, 1'763'817'600'123};
constexpr auto example_text = "store-42/5f3a9c1e0d2b4a67/sales/1234/1763817600123";

constexpr std::string_view topic = "stores/store-42/sale";
constexpr std::string_view payload = "tea";

Message message(std::string_view properties) {
  return {topic, payload, properties, Qos::at_least_once, false};
}

std::string restamped(std::string_view block, std::string_view id = "store-42",
                      std::uint32_t waited_s = 0) {
  std::string out = "what stood there before";
  Stamp stamp = example;
  stamp.origin = id;
  Prover prover;
  restamp(message(block), stamp, waited_s, prover, out);
  return out;
}

// The stamp that is proven on such a message, or nothing.
std::optional<Stamp> proven(std::string_view block, std::string_view key = {},
                            std::string_view on_topic = topic, std::string_view with = payload) {
  Prover prover(key);
  return proven_stamp(find_stamp(block), {on_topic, with, block, Qos::at_least_once, false},
                      prover);
}

void append_user(std::string& block, std::string_view name, std::string_view value) {
  append_property(block, {PropertyId::user_property, 0, name, value});
}

}  // namespace

TEST_CASE("stamp: it is written as documented and read back") {
  CHECK(format_stamp(example) == example_text);
  const auto stamp = parse_stamp(example_text);
  REQUIRE(stamp);
  CHECK(stamp->origin == "store-42");
  CHECK(stamp->epoch == "5f3a9c1e0d2b4a67");
  CHECK(stamp->lane == "sales");
  CHECK(stamp->sequence == 1234);
  CHECK(stamp->captured_ms == 1'763'817'600'123);
}

TEST_CASE("stamp: the largest numbers and the longest names fit") {
  const std::string name(64, 'x');
  const Stamp largest{name, "ffffffffffffffff", name, std::numeric_limits<std::uint64_t>::max(),
                      std::numeric_limits<std::int64_t>::max()};
  const auto text = format_stamp(largest);
  const auto stamp = parse_stamp(text);
  REQUIRE(stamp);
  CHECK(stamp->sequence == largest.sequence);
  CHECK(stamp->captured_ms == largest.captured_ms);
}

TEST_CASE("stamp: what is not exactly a stamp is refused") {
  const std::string long_name(65, 'x');
  const std::string epoch = "5f3a9c1e0d2b4a67";
  for (const std::string& text :
       std::vector<std::string>{"",
                                "/",
                                "////",
                                "a/" + epoch + "/l/1",
                                "a/" + epoch + "/l/1/2/",
                                "a/" + epoch + "/l/1/2/3",
                                "a/" + epoch + "/l/1/2/0123456789+",
                                "a/" + epoch + "/l/1/2/0123456789",
                                "a/" + epoch + "/l/1/2/0123456789a/",
                                "/" + epoch + "/l/1/2",
                                "a/" + epoch + "//1/2",
                                "a/" + epoch + "/l//2",
                                "a/" + epoch + "/l/1/",
                                "a/" + epoch + "/l/0/2",
                                "a/" + epoch + "/l/-1/2",
                                "a/" + epoch + "/l/+1/2",
                                "a/" + epoch + "/l/ 1/2",
                                "a/" + epoch + "/l/1 /2",
                                "a/" + epoch + "/l/1/-2",
                                "a/" + epoch + "/l/1/2x",
                                "a/" + epoch + "/l/0x1/2",
                                "a/" + epoch + "/l/18446744073709551616/2",
                                "a/" + epoch + "/l/1/9223372036854775808",
                                "a/5f3a9c1e0d2b4a6/l/1/2",
                                "a/5f3a9c1e0d2b4a678/l/1/2",
                                "a/5f3a9c1e0d2b4a6g/l/1/2",
                                "a b/" + epoch + "/l/1/2",
                                "a/" + epoch + "/l,m/1/2",
                                long_name + "/" + epoch + "/l/1/2",
                                "a/" + epoch + "/" + long_name + "/1/2",
                                "é/" + epoch + "/l/1/2"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_stamp(text));
  }
}

TEST_CASE("stamp: a bridge is found in via only by its whole id") {
  CHECK(passed("a,b,c", "a"));
  CHECK(passed("a,b,c", "b"));
  CHECK(passed("a,b,c", "c"));
  CHECK_FALSE(passed("aa,b", "a"));
  CHECK_FALSE(passed("b,ca", "a"));
  CHECK_FALSE(passed("a.b", "a"));
  CHECK_FALSE(passed("", "a"));
  CHECK(hops("") == 0);
  CHECK(hops("a") == 1);
  CHECK(hops("a,b,c") == 3);
}

TEST_CASE("stamp: a message without properties gets the stamp, and no via") {
  const auto block = restamped("");
  CHECK(valid_properties(block));
  const auto text = user_property(block, stamp_property);
  REQUIRE(text);
  CHECK(text->starts_with(std::string(example_text) + '/'));
  CHECK(parse_stamp(*text)->proof.size() == 11);
  CHECK_FALSE(user_property(block, via_property));
  CHECK(bridges(find_stamp(block)) == "store-42");
}

TEST_CASE("stamp: a second bridge replaces the stamp and begins via, a third one joins it") {
  const auto second = restamped(restamped("", "first"), "second");
  CHECK(user_property(second, via_property) == "first,second");
  CHECK(find_stamp(second).stamp.starts_with("second/"));
  const auto third = restamped(second, "third");
  CHECK(user_property(third, via_property) == "first,second,third");
  CHECK(proven(third));
  std::string left;
  unstamp(third, left);
  CHECK(left.empty());
}

TEST_CASE("stamp: it is proven for its own message, and for no other") {
  const auto block = restamped(restamped("", "first"), "second");
  REQUIRE(proven(block));
  CHECK(proven(block)->origin == "second");
  CHECK_FALSE(proven(block, {}, "answers/1"));
  CHECK_FALSE(proven(block, {}, topic, "coffee"));
  CHECK_FALSE(proven(restamped(""), {}, std::string(topic) + payload.substr(0, 1).data()[0],
                     payload.substr(1)));

  // Each field counts, and so does the list of bridges.
  const StampText text = find_stamp(block);
  std::string other(text.stamp);
  for (const char* field : {"second", "5f3a", "sales", "1234", "1763"}) {
    std::string changed = other;
    char& first = changed[changed.find(field)];
    first = first == '1' || first == '5' ? '2' : 'x';
    std::string copy;
    append_user(copy, stamp_property, changed);
    append_user(copy, via_property, text.via);
    CAPTURE(changed);
    REQUIRE(parse_stamp(changed));
    CHECK_FALSE(proven(copy));
  }
  for (const char* via : {"second", "first,secon", "first,other,second", ""}) {
    std::string copy;
    append_user(copy, stamp_property, text.stamp);
    append_user(copy, via_property, via);
    CAPTURE(via);
    CHECK_FALSE(proven(copy));
  }
}

TEST_CASE("stamp: without a proof it means nothing") {
  std::string block;
  append_user(block, stamp_property, example_text);
  CHECK(parse_stamp(example_text));
  CHECK_FALSE(proven(block));
}

TEST_CASE("stamp: with a key only who has it can prove one") {
  const std::string key = "a key that all bridges share", other = "another key of somebody";
  Prover prover(key);
  std::string block;
  restamp(message({}), example, 0, prover, block);
  CHECK(parse_stamp(find_stamp(block).stamp)->proof.size() == 16);
  CHECK(proven(block, key));
  CHECK_FALSE(proven(block, other));
  CHECK_FALSE(proven(block));               // no key: it cannot be known
  CHECK_FALSE(proven(restamped(""), key));  // anybody can make such a one
  CHECK_FALSE(proven(block, key, "answers/1"));
}

TEST_CASE("stamp: the proof is the one that is documented") {
  Prover open, keyed("0123456789abcdef");
  CHECK(open.prove("f", "v", "t", "p") == "o47poRlWeEQ");
  CHECK(keyed.prove("f", "v", "t", "p") == "JfLewJehAQNVjKpa");
  CHECK(keyed.prove("f", "v", "t", "p") == "JfLewJehAQNVjKpa");  // each message starts anew
  const std::string moved(open.prove("f", "", "vt", "p"));
  CHECK(moved != open.prove("f", "v", "t", "p"));
}

TEST_CASE("stamp: the expiry is lowered by the wait, but not below 1") {
  std::string block;
  append_property(block, {PropertyId::message_expiry, 60, {}, {}});
  CHECK(message_expiry_s(restamped(block, "a", 0)) == 60);
  CHECK(message_expiry_s(restamped(block, "a", 59)) == 1);
  CHECK(message_expiry_s(restamped(block, "a", 60)) == 1);
  CHECK(message_expiry_s(restamped(block, "a", 4'000'000'000u)) == 1);
}

TEST_CASE("stamp: a via that leaves no room starts anew") {
  std::string block;
  append_user(block, via_property, std::string(65'530, 'x'));
  const auto stamped = restamped(block);
  CHECK(valid_properties(stamped));
  CHECK_FALSE(user_property(stamped, via_property));
}

TEST_CASE("stamp: the other properties stay as they are, in their order") {
  check_property("stamp: restamping changes only what is its own", [] {
    std::string others;
    std::string block;
    const auto add = [](std::string& to, std::string_view name) { append_user(to, name, "value"); };
    for (int left = *rc::gen::inRange(0, 8); left > 0; --left) {
      const auto name =
          *rc::gen::element<std::string>("a", "b", "", "bascule-stamp", "bascule-via", "bascule-");
      add(block, name);
      if (name != stamp_property && name != via_property) add(others, name);
    }
    append_property(block, {PropertyId::correlation_data, 0, {}, "c"});
    append_property(others, {PropertyId::correlation_data, 0, {}, "c"});

    const auto once = restamped(block);
    const auto twice = restamped(once);
    RC_ASSERT(valid_properties(once));
    RC_ASSERT(once.starts_with(others));
    RC_ASSERT(twice.starts_with(others));
    RC_ASSERT(hops(bridges(find_stamp(twice))) == hops(bridges(find_stamp(once))) + 1);
    RC_ASSERT(find_stamp(once).stamp.starts_with(example_text));
    RC_ASSERT(proven(twice).has_value());
    std::string bare;
    unstamp(twice, bare);
    RC_ASSERT(bare == others);
  });
}

TEST_CASE("stamp: without one, what bridges have put on a message goes, and the rest stays") {
  std::string block;
  append_property(block, {PropertyId::message_expiry, 10, {}, {}});
  append_property(block, {PropertyId::user_property, 0, "colour", "red"});
  std::string out;
  copy_aged(restamped(restamped(block, "first"), "second"), 3, out);
  std::string expected;
  append_property(expected, {PropertyId::message_expiry, 7, {}, {}});
  append_property(expected, {PropertyId::user_property, 0, "colour", "red"});
  CHECK(out == expected);
}
