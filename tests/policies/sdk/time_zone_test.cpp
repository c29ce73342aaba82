// Named time zones: from the system's files, and from the rule behind the last of their changes.
#include "sdk/time_zone.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace bascule::test {

namespace {

using sdk::TimeZone;

std::int64_t day(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days days = std::chrono::year{year} / int(month) / int(day);
  return days.time_since_epoch().count();
}

std::int64_t utc(int year, unsigned month, unsigned on, int hour, int minute = 0) {
  return day(year, month, on) * 86'400 + hour * 3'600 + minute * 60;
}

// A file without any change, so that the rule alone counts; as `zic -b slim` writes it.
std::string slim(const std::string& rule) {
  const std::string header = std::string("TZif2") + std::string(15, '\0');
  const auto counts = [](int types, int letters) {
    std::string text(24, '\0');
    text[19] = char(types);
    text[23] = char(letters);
    return text;
  };
  const std::string type("\0\0\0\0\0\0", 6), letters("LMT\0", 4);
  return header + counts(1, 4) + type + letters + header + counts(1, 4) + type + letters + "\n" +
         rule + "\n";
}

}  // namespace

TEST_CASE("time zone: the night that has no 02:30, and the one that has it twice") {
  for (const auto& zone :
       {TimeZone::named("Europe/Zurich"), TimeZone::of_file(slim("CET-1CEST,M3.5.0,M10.5.0/3"))}) {
    REQUIRE(zone);
    CHECK(zone->utc_s(day(2026, 1, 10), 60) == utc(2026, 1, 10, 0));
    CHECK(zone->utc_s(day(2026, 7, 10), 60) == utc(2026, 7, 9, 23));
    // 2026-03-29: from 02:00 to 03:00 at 01:00 UTC.
    CHECK(zone->utc_s(day(2026, 3, 29), 150) == utc(2026, 3, 29, 1));
    // 2026-10-25: from 03:00 to 02:00 at 01:00 UTC; the first of the two.
    CHECK(zone->utc_s(day(2026, 10, 25), 150) == utc(2026, 10, 25, 0, 30));
    CHECK(zone->day_of(utc(2026, 10, 24, 22)) == day(2026, 10, 25));
    CHECK(zone->day_of(utc(2026, 10, 24, 21, 59)) == day(2026, 10, 24));
    // Beyond the last change of any file.
    CHECK(zone->offset_s(utc(2045, 7, 1, 0)) == 7'200);
    CHECK(zone->offset_s(utc(2045, 12, 1, 0)) == 3'600);
  }
}

TEST_CASE("time zone: summer over the new year, days by number, and names in brackets") {
  const auto sydney = TimeZone::of_file(slim("AEST-10AEDT,M10.1.0,M4.1.0/3"));
  REQUIRE(sydney);
  CHECK(sydney->offset_s(utc(2027, 1, 1, 0)) == 39'600);
  CHECK(sydney->offset_s(utc(2027, 6, 1, 0)) == 36'000);
  const auto numbered = TimeZone::of_file(slim("<-03>3<-02>,J60/0,J300/0"));
  REQUIRE(numbered);
  CHECK(numbered->offset_s(utc(2028, 3, 1, 4)) == -7'200);  // March 1, though it is a leap year
  CHECK(numbered->offset_s(utc(2028, 3, 1, 2)) == -10'800);
  CHECK(TimeZone(3'600).utc_s(day(2026, 1, 1), 0) == utc(2025, 12, 31, 23));
}

TEST_CASE("time zone: what is none is refused") {
  CHECK(!TimeZone::named("Europe/Atlantis"));
  CHECK(!TimeZone::named("../../etc/passwd"));
  CHECK(!TimeZone::named(""));
  CHECK(!TimeZone::of_file("TZif"));
  CHECK(!TimeZone::of_file(slim("CET-1CEST,M13.5.0,M10.5.0/3")));
  CHECK(!TimeZone::of_file(slim("CET-1CEST")));
  const auto whole = slim("CET-1CEST,M3.5.0,M10.5.0/3");
  for (std::size_t size = 0; size < whole.size() - 30; ++size) {
    CHECK(!TimeZone::of_file(whole.substr(0, size)));
  }
}

}  // namespace bascule::test
