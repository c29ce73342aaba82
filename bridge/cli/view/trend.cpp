#include "cli/view/trend.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "cli/view/units.hpp"

namespace bascule {
namespace {

constexpr std::string_view blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::size_t beside = 32;  // columns of a line that are no blocks, at most

void push(std::deque<double>& values, double value) {
  values.push_back(value);
  if (values.size() > Trend::kept) values.pop_front();
}

std::size_t lines_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace

std::string sparkline(const std::deque<double>& values, std::size_t columns) {
  const std::size_t first = values.size() - std::min(values.size(), columns);
  double highest = 0;
  for (std::size_t i = first; i < values.size(); ++i) highest = std::max(highest, values[i]);
  std::string text;
  for (std::size_t i = first; i < values.size(); ++i) {
    const double part = highest > 0 ? std::max(values[i], 0.0) / highest : 0;
    text += blocks[std::min<std::size_t>(static_cast<std::size_t>(part * 8), 7)];
  }
  return text;
}

void Trend::add(const nlohmann::json& status, double elapsed_s) {
  for (const auto& [direction, counters] : status.at("counters").items()) {
    Course& course = courses_[direction];
    const double forwarded = counters.at("forwarded").get<double>();
    const double more = forwarded - course.forwarded_before;
    if (course.forwarded_before >= 0 && elapsed_s > 0 && more >= 0) {
      push(course.rate, more / elapsed_s);
      push(course.waiting, counters.at("pending").get<double>());
    }
    course.forwarded_before = forwarded;
  }
}

std::string Trend::text(std::size_t page) const {
  const std::size_t columns = page == 0 ? kept : page - std::min(page, beside);
  std::string text;
  for (const char* direction : {"up", "down"}) {
    const auto found = courses_.find(direction);
    if (found == courses_.end() || found->second.rate.empty()) continue;
    const Course& course = found->second;
    const std::string name = direction;
    text += name + std::string(6 - name.size(), ' ') + "forwarded " +
            sparkline(course.rate, columns) + ' ' + rate_text(course.rate.back()) + '\n';
    text += "      waiting   " + sparkline(course.waiting, columns) + ' ' +
            count_text(static_cast<std::uint64_t>(course.waiting.back())) + '\n';
  }
  return text;
}

std::string fit(std::string_view page, std::string_view trend, std::size_t rows) {
  const std::size_t all = lines_of(page);
  const std::size_t below = lines_of(trend);
  if (rows == 0 || all + below < rows) return std::string(page) + std::string(trend);
  // The last row stays free for the cursor, one says what is missing.
  const std::size_t shown = rows > below + 3 ? rows - below - 2 : 1;
  std::size_t end = 0;
  for (std::size_t line = 0; line < shown && end < page.size(); ++line) {
    end = std::min(page.find('\n', end), page.size() - 1) + 1;
  }
  return std::string(page.substr(0, end)) + "… " + counted(all - shown, "line") +
         " more: make the window higher, or ask bascule status\n" + std::string(trend);
}

}  // namespace bascule
