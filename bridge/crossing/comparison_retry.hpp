// How long after a comparison of retained values that failed it is tried again. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bascule {

enum class ComparisonFailure : std::uint8_t {
  unproven,  // the broker does not show our mark: it may have been lost on the way, so soon
  other,     // it costs connections, and is seldom over at once
};

// After so many failures in a row, from 1.
inline std::chrono::milliseconds comparison_retry(int failures, ComparisonFailure failure) {
  using namespace std::chrono_literals;
  constexpr std::chrono::milliseconds most = 1h;
  constexpr int doublings_max = 10;  // from the least to the most
  const std::chrono::milliseconds least = failure == ComparisonFailure::unproven ? 5s : 60s;
  return std::min(least * (1 << std::clamp(failures - 1, 0, doublings_max)), most);
}

}  // namespace bascule
