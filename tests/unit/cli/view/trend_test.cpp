#include "cli/view/trend.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/view/terminal.hpp"

using namespace bascule;
using nlohmann::json;

namespace {

json status(int forwarded, int pending) {
  return {{"counters", {{"up", {{"forwarded", forwarded}, {"pending", pending}}}}}};
}

std::string lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

auto height(const std::string& text) { return std::ranges::count(text, '\n'); }

}  // namespace

TEST_CASE("trend: blocks go from nothing to the highest, the newest at the right") {
  CHECK(sparkline({}, 10).empty());
  CHECK(sparkline({0, 0, 0}, 10) == "▁▁▁");
  CHECK(sparkline({0, 1, 2, 4, 8}, 10) == "▁▂▃▅█");
  CHECK(sparkline({1000, 0, 8, 4}, 3) == "▁█▅");  // the oldest counts for nothing
  CHECK(sparkline({-1, 1}, 10) == "▁█");
}

TEST_CASE("trend: rates and what waits of the last minute, in the width that there is") {
  Trend trend;
  trend.add(status(100, 50), 0);
  CHECK(trend.text(80).empty());
  trend.add(status(300, 40), 2);
  trend.add(status(350, 0), 1);
  CHECK(trend.text(80) == "up    forwarded █▅ 50/s\n      waiting   █▁ 0\n");
  trend.add(status(0, 7), 1);  // another journal
  trend.add(status(10, 7), 1);
  CHECK(trend.text(80) == "up    forwarded █▅▁ 10/s\n      waiting   █▁▂ 7\n");
  for (int i = 1; i < 200; ++i) trend.add(status(10 + i * 1'000'000, 2'000'000'000), 1);
  for (const std::size_t page : {40u, 80u, 200u}) {
    const std::string text = trend.text(page);
    CHECK(width(text.substr(0, text.find('\n'))) <= page);
  }
}

TEST_CASE("trend: a page fits the window, and says what of it does not") {
  const std::string trend = "up\n\n";
  CHECK(fit(lines(5), trend, 0) == lines(5) + trend);
  CHECK(fit(lines(5), trend, 24) == lines(5) + trend);
  CHECK(fit(lines(9), trend, 8) ==
        lines(4) + "… 5 lines more: make the window higher, or ask bascule status\n" + trend);
  for (int rows = 6; rows < 30; ++rows) {
    for (int count = 1; count < 60; ++count) {
      const std::string text = fit(lines(count), trend, static_cast<std::size_t>(rows));
      CHECK(height(text) < rows);
      CHECK(text.ends_with(trend));
    }
  }
}
