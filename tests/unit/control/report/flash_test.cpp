#include "control/report/flash.hpp"

#include <doctest/doctest.h>

using namespace bascule;

namespace {

constexpr std::uint64_t tebi = std::uint64_t{1} << 40;
constexpr std::int64_t year_ms = 31'557'600'000;

}  // namespace

TEST_CASE("flash: the years left are what is left of its endurance, at the rate since the start") {
  const Flash found = flash(100 * tebi, 30, {5 * tebi, tebi, year_ms / 2});
  REQUIRE(found.years_left);
  CHECK(*found.years_left == doctest::Approx(7));
  CHECK(*found.bytes_per_year == doctest::Approx(10.0 * tebi));
  CHECK(*found.bytes_per_day == doctest::Approx(10.0 * tebi / 365.25));
  CHECK(*found.bytes_per_message == doctest::Approx(5));
  CHECK(found.why.empty());
  CHECK(flash(tebi, 100, {tebi, 1, year_ms}).years_left == 0);
  CHECK(flash(tebi, 0, {0, 1, year_ms}).years_left == Flash::years_told);
  CHECK(flash(21 * tebi, 0, {tebi, 1, year_ms}).years_left == 20);  // more is a guess
}

TEST_CASE("flash: without an estimate of its wear it counts as new, and that is said") {
  const Flash found = flash(100 * tebi, {}, {10 * tebi, 1, year_ms});
  CHECK(*found.years_left == doctest::Approx(10));
  CHECK(found.why.find("as if it were new") != std::string::npos);
}

TEST_CASE("flash: what is not told is unknown, and why") {
  const auto unknown = [](const Flash& found, const char* why) {
    CHECK_FALSE(found.years_left);
    CHECK_MESSAGE(found.why.find(why) != std::string::npos, found.why);
  };
  const Flash not_told = flash(0, 30, {tebi, 0, year_ms});
  unknown(not_told, "journal.flash");
  CHECK(not_told.bytes_per_day);
  CHECK_FALSE(not_told.bytes_per_message);
  const Flash too_early = flash(tebi, 30, {tebi, 32, 599'999});
  unknown(too_early, "less than 10 min");
  CHECK_FALSE(too_early.bytes_per_day);
  CHECK(*too_early.bytes_per_message == doctest::Approx(tebi / 32));
  CHECK_FALSE(flash(tebi, 30, {tebi, 19, year_ms}).bytes_per_message);
  CHECK(flash(tebi, 30, {tebi, 1, 600'000}).years_left);
}
