#include "text/units.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace bascule;
using namespace std::chrono_literals;

namespace {

// What a parser says about a text; empty if it takes it.
template <class Parse>
std::string refusal(Parse parse, const std::string& text) {
  try {
    parse(text);
    return "";
  } catch (const std::invalid_argument& wrong) {
    return wrong.what();
  }
}

}  // namespace

TEST_CASE("units: durations from milliseconds to days are read") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("24h") == 24h);
  CHECK(parse_duration("7d") == 7 * 24h);
  CHECK(parse_duration("0s") == 0s);
  CHECK(parse_duration("9223372036854775807ms").count() == 9223372036854775807);
}

TEST_CASE("units: a text that is no duration is refused with what to write") {
  const std::pair<std::string, std::string> table[] = {
      {"", R"(must be a duration such as 30s, 5m or 24h, not "")"},
      {"soon", R"(must be a duration such as 30s, 5m or 24h, not "soon")"},
      {"-5s", R"(must be a duration such as 30s, 5m or 24h, not "-5s")"},
      {"1.5h", R"(must be a duration such as 30s, 5m or 24h, not "1.5h")"},
      {"1h30m", R"(must be a duration such as 30s, 5m or 24h, not "1h30m")"},
      {"30", R"(needs a unit, such as "30s" or "30m")"},
      {"5000", R"(needs a unit, such as "5000ms" or "5000s")"},
      {"30 s", R"(has an unknown unit in "30 s"; did you mean "30s"?)"},
      {"5min", R"(has an unknown unit in "5min"; did you mean "5m"?)"},
      {"2Hours", R"(has an unknown unit in "2Hours"; did you mean "2h"?)"},
      {"9223372036854775808ms",
       R"(must be a duration such as 30s, 5m or 24h, not "9223372036854775808ms")"},
      {"99999999999999999d",
       R"(must be a duration such as 30s, 5m or 24h, not "99999999999999999d")"},
      {"99999999999999999999999s",
       R"(must be a duration such as 30s, 5m or 24h, not "99999999999999999999999s")"},
  };
  for (const auto& [text, expected] : table)
    CHECK(refusal([](auto& one) { return parse_duration(one); }, text) == expected);
}

TEST_CASE("units: sizes are read in powers of 1024") {
  CHECK(parse_size("512B") == 512);
  CHECK(parse_size("256KiB") == 262'144);
  CHECK(parse_size("10MiB") == 10'485'760);
  CHECK(parse_size("4GiB") == 4'294'967'296);
  CHECK(parse_size("1TiB") == 1'099'511'627'776);
}

TEST_CASE("units: a size without a unit or with another's unit gets a suggestion") {
  const std::pair<std::string, std::string> table[] = {
      {"4", R"(needs a unit, such as "4KiB" or "4MiB")"},
      {"20000", R"(needs a unit, such as "20000B" or "20000KiB")"},
      {"4GB", R"(has an unknown unit in "4GB"; did you mean "4GiB"?)"},
      {"4g", R"(has an unknown unit in "4g"; did you mean "4GiB"?)"},
      {"10 MiB", R"(has an unknown unit in "10 MiB"; did you mean "10MiB"?)"},
      {"1PiB", R"(must be a size such as 256KiB or 4GiB, not "1PiB")"},
      {"big", R"(must be a size such as 256KiB or 4GiB, not "big")"},
      {"16777216TiB", R"(must be a size such as 256KiB or 4GiB, not "16777216TiB")"},
  };
  for (const auto& [text, expected] : table)
    CHECK(refusal([](auto& one) { return parse_size(one); }, text) == expected);
}

TEST_CASE("units: a unit that would make too much is not suggested") {
  const auto within_10s = [](const std::string& text) { return parse_duration(text, 10s); };
  CHECK(refusal(within_10s, "500") == R"(needs a unit, such as "500ms")");
  CHECK(refusal(within_10s, "5") == R"(needs a unit, such as "5s")");
  CHECK(refusal(within_10s, "99999") == R"(needs a unit, such as "99999ms")");
  CHECK(within_10s("500s") == 500s);  // the bound is the caller's
}

TEST_CASE("units: flash is sold by powers of ten") {
  CHECK(parse_flash_size("32GB") == 32'000'000'000);
  CHECK(parse_flash_size("32GiB") == std::uint64_t{32} << 30);
  CHECK(parse_flash_size("1TB") == 1'000'000'000'000);
  const std::pair<std::string, std::string> table[] = {
      {"32", R"(needs a unit, such as "32GB" or "32TB")"},
      {"32gb", R"(has an unknown unit in "32gb"; did you mean "32GB"?)"},
      {"32 GB", R"(has an unknown unit in "32 GB"; did you mean "32GB"?)"},
      {"1tib", R"(has an unknown unit in "1tib"; did you mean "1TiB"?)"},
      {"large", R"(must be a size such as 32GB or 1TB, not "large")"},
  };
  for (const auto& [text, expected] : table) CHECK(refusal(parse_flash_size, text) == expected);
}

TEST_CASE("units: a rate counts bytes or messages") {
  CHECK(parse_rate("256KiB/s").bytes_per_s == 262'144);
  CHECK(parse_rate("256KiB/s").messages_per_s == 0);
  CHECK(parse_rate("100msg/s").messages_per_s == 100);
  CHECK(parse_rate("100msg/s").bytes_per_s == 0);
  const std::pair<std::string, std::string> table[] = {
      {"100", R"(needs a unit, such as "100msg/s" or "100KiB/s")"},
      {"20000", R"(needs a unit, such as "20000B/s" or "20000msg/s")"},
      {"256KiB", R"(has an unknown unit in "256KiB"; did you mean "256KiB/s"?)"},
      {"2Mbit/s", R"(must be a rate such as 256KiB/s or 100msg/s, not "2Mbit/s")"},
      {"0msg/s", "must be more than 0; leave it out for no limit"},
  };
  for (const auto& [text, expected] : table) CHECK(refusal(parse_rate, text) == expected);
}

TEST_CASE("units: hours may pass midnight") {
  CHECK(parse_hours("22:00-06:00").from_min == 22 * 60);
  CHECK(parse_hours("22:00-06:00").to_min == 6 * 60);
  CHECK(parse_hours("00:30-24:00").to_min == 24 * 60);
  for (const char* text : {"22-6", "22:00", "22:60-06:00", "24:00-06:00", "24:01-06:00",
                           "2x:00-06:00", "22:00-6:00", "22:00 - 06:00", ""}) {
    CHECK(refusal(parse_hours, text) ==
          "must be hours such as 22:00-06:00, not \"" + std::string(text) + '"');
  }
  CHECK(refusal(parse_hours, "08:00-08:00") == "begins and ends at the same time; leave it out");
}

TEST_CASE("units: quantities are written in the largest unit that leaves a whole number") {
  CHECK(duration_text(0ms) == "0ms");
  CHECK(duration_text(1'500ms) == "1500ms");
  CHECK(duration_text(90s) == "90s");
  CHECK(duration_text(48h) == "2d");
  CHECK(size_text(1'000) == "1000B");
  CHECK(size_text(16 << 20) == "16MiB");
}
