#include "text/number.hpp"

#include <doctest/doctest.h>

#include <cstdint>

#include "text/units.hpp"
#include "text/words.hpp"

using namespace bascule;

namespace {

enum class Colour { red, green, unnamed };
constexpr Word<Colour> colours[] = {{"red", Colour::red}, {"green", Colour::green}};

}  // namespace

TEST_CASE("number: digits are one, and nothing else is") {
  CHECK(parse_number<int>("0") == 0);
  CHECK(parse_number<std::uint64_t>("18446744073709551615") == 18'446'744'073'709'551'615u);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1.0", "0x1", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number<std::uint64_t>(text));
    CHECK_FALSE(parse_number<std::int64_t>(text));
  }
  CHECK_FALSE(parse_number<std::uint8_t>("256"));
}

TEST_CASE("time of day: from 00:00 to 24:00, there and back") {
  for (const int minutes : {0, 1, 59, 60, 605, 24 * 60 - 1, 24 * 60}) {
    CHECK(parse_time_of_day(time_of_day_text(minutes)) == minutes);
  }
  CHECK(time_of_day_text(65) == "01:05");
  for (const char* text : {"", "1:00", "24:01", "12:60", "12-30", "12:3x", "-1:30", "123:0"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time_of_day(text));
  }
}

TEST_CASE("words: a table names a value, and finds it by its name") {
  CHECK(word_of(colours, Colour::green) == "green");
  CHECK(value_of(colours, "red") == Colour::red);
  CHECK_FALSE(value_of(colours, "Red"));
  CHECK(word_of(colours, Colour::unnamed) == "?");
}
