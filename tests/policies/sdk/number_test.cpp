#include "sdk/number.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

#include "text/units.hpp"

namespace bascule::sdk {

TEST_CASE("number: all of a text is a whole number, or it is none") {
  CHECK(whole_number("0") == 0);
  CHECK(whole_number("-7") == -7);
  CHECK(whole_number("9223372036854775807") == 9223372036854775807);
  for (const auto* text : {"", " 1", "1 ", "+1", "1.5", "0x1", "9223372036854775808", "seven"}) {
    CHECK_MESSAGE(!whole_number(text), text);
  }
}

TEST_CASE("number: durations are read") {
  CHECK(duration_ms("500ms") == 500);
  CHECK(duration_ms("30s") == 30'000);
  CHECK(duration_ms("5m") == 300'000);
  CHECK(duration_ms("24h") == 86'400'000);
  CHECK(duration_ms("7d") == 604'800'000);
  CHECK(duration_ms("0s") == 0);
  CHECK(duration_ms("1000000d") == 86'400'000'000'000);
  for (const auto* text :
       {"", "s", "5", "5 s", "-5s", "1.5h", "5w", "1h30m", "1000001d", "99999999999999999999s"}) {
    CHECK_MESSAGE(!duration_ms(text), text);
  }
}

TEST_CASE("number: a minute of the day") {
  CHECK(minute_of_day("00:00") == 0);
  CHECK(minute_of_day("01:30") == 90);
  CHECK(minute_of_day("23:59") == 1439);
  for (const auto* text : {"", "1:30", "24:00", "00:60", "01-30", "01:3a", "01:300"}) {
    CHECK_MESSAGE(!minute_of_day(text), text);
  }
}

TEST_CASE("number: a policy's options mean what the rest of bascule.yaml means") {
  const auto bridge_ms = [](std::string_view text) -> std::optional<std::int64_t> {
    try {
      return parse_duration(text).count();
    } catch (const std::invalid_argument&) {
      return std::nullopt;
    }
  };
  for (const auto* text :
       {"0ms", "500ms", "07s", "30s", "5m",   "24h", "7d",   "",      "5",   "s",
        "5 s", "5S",    "+5s", "-5s", "1.5h", "5w",  "5min", "1h30m", " 5s", "5s "}) {
    CHECK_MESSAGE(duration_ms(text) == bridge_ms(text), text);
  }
  // The bridge has an end of the day, too: 24:00.
  for (const auto* text : {"00:00", "01:30", "23:59", "", "1:30", "00:60", "01-30", "01:3a",
                           "01:300", "25:00", "-1:30", "+1:30"}) {
    CHECK_MESSAGE(minute_of_day(text) == parse_time_of_day(text), text);
  }
}

}  // namespace bascule::sdk
