// What has arrived, by number. One thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire.hpp"

namespace load {

class Tally {
 public:
  explicit Tally(std::int64_t count) : count_(count), seen_(static_cast<std::size_t>(count) + 1) {}

  void add(const Publish& publish, std::int64_t now_ns);

  bool complete() const { return unique_ == count_; }
  void print();

 private:
  double latency_ms(double share);

  std::int64_t count_;
  std::vector<bool> seen_;        // by number
  std::vector<bool> seen_stamp_;  // by sequence
  std::int64_t arrived_ = 0;
  std::int64_t unique_ = 0;
  std::int64_t highest_ = 0;
  std::int64_t out_of_order_ = 0;  // first arrivals below one that had arrived
  std::int64_t strange_ = 0;
  std::int64_t unknown_repeats_ = 0;  // numbers that came again under another stamp
  std::int64_t first_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::vector<float> latencies_ms_;  // of first arrivals
};

}  // namespace load
