#include "text/time.hpp"

#include <doctest/doctest.h>

using namespace bascule;

TEST_CASE("time: UTC is written as people read it") {
  CHECK(utc_text(0) == "1970-01-01T00:00:00Z");
  CHECK(utc_text(1'763'817'600'999) == "2025-11-22T13:20:00Z");
  CHECK(utc_text(2'147'483'648'000) == "2038-01-19T03:14:08Z");
}

TEST_CASE("time: times are UTC, there and back") {
  CHECK(time_text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(time_text(1'763'817'600'123) == "2025-11-22T13:20:00.123Z");
  CHECK(parse_time("2025-11-22T13:20:00.123Z") == 1'763'817'600'123);
  CHECK(parse_time("2025-11-22T13:20:00Z") == 1'763'817'600'000);
  CHECK(parse_time("2025-11-22T14:50:00+01:30") == 1'763'817'600'000);
  CHECK(parse_time("2025-11-22T08:20:00.5-05:00") == 1'763'817'600'500);
  for (const char* text :
       {"", "now", "2025-13-01T00:00:00Z", "2025-11-22T13:20:00Z tail", "2025-11-22T13:20:00",
        "2025-11-22T13:20:00+1:00", "2025-11-22T13:20:00+24:00", "2025-11-22T13:20:00+01:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
}
