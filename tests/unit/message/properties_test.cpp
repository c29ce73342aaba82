#include "message/properties.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/property.hpp"

using namespace bascule;
using namespace bascule::test;
using namespace std::string_literals;

namespace {

Property number(PropertyId id, std::uint32_t value) { return {id, value, {}, {}}; }
Property text(PropertyId id, std::string_view value) { return {id, 0, {}, value}; }
Property user(std::string_view name, std::string_view value) {
  return {PropertyId::user_property, 0, name, value};
}

std::string block_of(const std::vector<Property>& properties) {
  std::string block;
  for (const auto& property : properties) CHECK(append_property(block, property));
  return block;
}

const auto every_kind =
    "\x01\x01"
    "\x02\x00\x01\x00\x02"
    "\x03\x00\x04text"
    "\x08\x00\x03r/t"
    "\x09\x00\x02\xFF\x00"
    "\x26\x00\x01k\x00\x01v"s;

}  // namespace

TEST_CASE("properties: the six are written as the standard says") {
  CHECK(block_of({number(PropertyId::payload_format, 1), number(PropertyId::message_expiry, 65'538),
                  text(PropertyId::content_type, "text"), text(PropertyId::response_topic, "r/t"),
                  text(PropertyId::correlation_data, "\xFF\0"s), user("k", "v")}) == every_kind);
}

TEST_CASE("properties: what was written is read back in order") {
  PropertyReader reader(every_kind);
  CHECK(reader.next()->number == 1);
  CHECK(reader.next()->number == 65'538);
  CHECK(reader.next()->value == "text");
  CHECK(reader.next()->value == "r/t");
  CHECK(reader.next()->value == "\xFF\0"s);
  const auto last = reader.next();
  CHECK(last->name == "k");
  CHECK(last->value == "v");
  CHECK_FALSE(reader.next());
  CHECK(reader.ok());
  CHECK(valid_properties(every_kind));
  CHECK(valid_properties(""));
}

TEST_CASE("properties: a block cut anywhere within a property is not valid") {
  const auto block = block_of({user("name", "value")});
  for (std::size_t size = 1; size < block.size(); ++size) {
    PropertyReader reader(std::string_view(block).substr(0, size));
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.ok());
    CHECK_FALSE(reader.next());
  }
  CHECK_FALSE(valid_properties("\x02\x00\x00\x00"s));
  CHECK_FALSE(valid_properties("\x01"s));
}

TEST_CASE("properties: those of one connection and unknown ones are not valid") {
  CHECK_FALSE(valid_properties("\x23\x00\x01"s));  // topic alias
  CHECK_FALSE(valid_properties("\x0B\x01"s));      // subscription identifier
  CHECK_FALSE(valid_properties("\x00"s));
  CHECK_FALSE(valid_properties("\xFF\x00"s));
}

TEST_CASE("properties: a single-valued property may stand only once") {
  for (const auto& property :
       {number(PropertyId::payload_format, 0), number(PropertyId::message_expiry, 5),
        text(PropertyId::content_type, "t"), text(PropertyId::response_topic, "t"),
        text(PropertyId::correlation_data, "t")}) {
    CHECK(valid_properties(block_of({property})));
    CHECK_FALSE(valid_properties(block_of({property, property})));
  }
  CHECK(valid_properties(block_of({user("a", "b"), user("a", "b")})));
}

TEST_CASE("properties: values that a broker would refuse are not valid") {
  CHECK_FALSE(valid_properties(block_of({number(PropertyId::payload_format, 2)})));
  CHECK_FALSE(valid_properties(block_of({text(PropertyId::content_type, "\xFF")})));
  CHECK_FALSE(valid_properties(block_of({text(PropertyId::response_topic, "a/+")})));
  CHECK_FALSE(valid_properties(block_of({text(PropertyId::response_topic, "")})));
  CHECK_FALSE(valid_properties(block_of({user("\xC0\x80", "v")})));
  CHECK_FALSE(valid_properties(block_of({user("n", "\0"s)})));
}

TEST_CASE("properties: a text over 65,535 bytes is not appended") {
  const std::string longest(65'535, 'x');
  const std::string too_long(65'536, 'x');
  std::string block = "before";
  CHECK_FALSE(append_property(block, text(PropertyId::content_type, too_long)));
  CHECK_FALSE(append_property(block, user(too_long, "v")));
  CHECK_FALSE(append_property(block, user("n", too_long)));
  CHECK(block == "before");
  CHECK(valid_properties(block_of({user(longest, longest)})));
}

TEST_CASE("properties: the expiry and the first user property of a name are found") {
  const auto block = block_of({user("a", "1"), user("b", "2"),
                               number(PropertyId::message_expiry, 4'294'967'295u), user("b", "3")});
  CHECK(message_expiry_s(block) == 4'294'967'295u);
  CHECK(user_property(block, "b") == "2");
  CHECK_FALSE(user_property(block, "c"));
  CHECK_FALSE(message_expiry_s(block_of({user("a", "1")})));
}

TEST_CASE("properties: any bytes are read without harm, and valid ones are written back the same") {
  check_property("properties: reading and writing agree", [] {
    const auto bytes = *rc::gen::container<std::string>(
        rc::gen::weightedOneOf<char>({{3, rc::gen::element('\x01', '\x02', '\x03', '\x26', '\0')},
                                      {1, rc::gen::arbitrary<char>()}}));
    std::string again;
    PropertyReader reader(bytes);
    while (const auto property = reader.next()) RC_ASSERT(append_property(again, *property));
    RC_ASSERT(std::string_view(bytes).starts_with(again));
    if (reader.ok()) RC_ASSERT(again == bytes);
    if (valid_properties(bytes)) RC_ASSERT(reader.ok());
  });
}
