// The last minute of a status that is watched, as lines of blocks, and the page that fits a
// terminal's height. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace bascule {

// Values as blocks from ▁ to █, the newest at the right, from 0 to the highest of them; at most
// `columns` of the newest.
std::string sparkline(const std::deque<double>& values, std::size_t columns);

class Trend {
 public:
  static constexpr std::size_t kept = 60;  // answers, one a second

  // One more answer to /v1/status, so long after the last; 0: there was none, or not for long.
  void add(const nlohmann::json& status, double elapsed_s);

  // Two lines a direction, none wider than `page` (0: as wide as they are):
  //   up    forwarded ▁▁▃▇█ 1,204/s
  //         waiting   ▁▂▃▃▂ 12,931
  std::string text(std::size_t page) const;

 private:
  struct Course {
    double forwarded_before = -1;  // below 0: not known
    std::deque<double> rate, waiting;
  };
  std::map<std::string, Course> courses_;  // by direction
};

// `page` with `trend` below it, in `rows` lines at most (0: all): what is too much of the page goes
// at its end, and a line says how much that is.
std::string fit(std::string_view page, std::string_view trend, std::size_t rows);

}  // namespace bascule
